import { useState } from "react";

/** A button that puts a text on the clipboard, and says that it did. */
export function CopyButton({
  name,
  text,
  label = "Copy",
  isDisabled = false,
}: {
  name: string;
  text: string;
  label?: string;
  isDisabled?: boolean;
}) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <button
      type="button"
      disabled={isDisabled}
      onClick={() => void copy()}
      aria-label={label === "Copy" ? `Copy: ${name}` : undefined}
    >
      {isCopied ? "Copied" : label}
    </button>
  );
}
