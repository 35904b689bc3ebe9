/** The name under which the service keeps a question that people call so: small letters, digits and hyphens, 64 at most. */
export function nameFor(label: string): string {
  const plain = label
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64)
    .replace(/-+$/, "");
  if (plain === "active" || plain.startsWith("r-")) return `q-${plain}`.slice(0, 64);
  return plain;
}
