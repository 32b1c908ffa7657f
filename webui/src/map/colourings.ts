/** What the colours of the map can say: a kind of tag, a folder, a length, what somebody likes, and every fact. */
import { message, type Plain } from "../messages/t";

type Colourings = readonly (readonly [string, Plain])[];

export const OF_THE_LIBRARY: Colourings = [
  ["", message("Likeliest tag")],
  ["own_tag", message("Your tags")],
  ["folder", message("Folder")],
  ["duration_s", message("Length")],
  ["liked", message("What you like")],
];

/** As the service calls facts (`search/analysis/facts/definitions.py`). */
export const OF_FACTS: Colourings = [
  ["loudness", message("Loudness")],
  ["loudness_range", message("Loudness range")],
  ["true_peak_db", message("True peak")],
  ["peak_to_loudness_db", message("Peak-to-loudness ratio")],
  ["brightness", message("Brightness")],
  ["centroid_hz", message("Spectral centroid")],
  ["noisiness", message("Noisiness")],
  ["bandwidth_hz", message("Bandwidth")],
  ["pitch_hz", message("Pitch")],
  ["pitch_certainty", message("Pitch certainty")],
  ["root_note", message("Root note")],
  ["tempo", message("Tempo")],
  ["tempo_certainty", message("Tempo certainty")],
  ["key", message("Key")],
  ["key_certainty", message("Key certainty")],
  ["form", message("One-shot or loop")],
  ["events", message("Number of onsets")],
  ["attack_s", message("Attack")],
  ["decay_s", message("Decay")],
  ["sounding_s", message("Length without silence")],
  ["head_silence_s", message("Silence at head")],
  ["tail_silence_s", message("Silence at tail")],
  ["sample_rate_hz", message("Rate")],
  ["channels", message("Channels")],
  ["correlation", message("Channel correlation")],
  ["bits", message("Bit depth")],
  ["bit_rate_kbps", message("Bit rate")],
  ["dc_offset", message("DC offset")],
  ["hum_db", message("Mains hum")],
  ["defects", message("Defects")],
];
