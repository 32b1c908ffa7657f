/** The inspector, whose code is fetched when a sound is first looked at. */
import { later } from "../ui/later";

export const Inspector = later(() => import("./inspector").then((module) => module.Inspector));
