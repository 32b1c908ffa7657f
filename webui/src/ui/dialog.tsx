/** A modal dialog: the browser's own, which keeps the focus inside; where it came from gets it back. */
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../messages/t";
import { IconButton } from "./icons";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const open = useRef(true);
  // before the next key, which is the dialog's
  useLayoutEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    return () => {
      open.current = false; // the browser tells of the closing later, when another dialog may be open
      dialog?.close();
      // a dialog that is out of the page already cannot give it back
      if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog ref={element} class="dialog" aria-labelledby={heading} onClose={() => open.current && onClose()}>
      <div class="dialog-head">
        <h2 id={heading}>{title}</h2>
        <IconButton icon="close" label={t("Close")} onClick={onClose} />
      </div>
      {children}
    </dialog>
  );
}
