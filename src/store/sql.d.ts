/** SQL files are imported as text: an executable has no folder to read them from. */
declare module "*.sql" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: the runtime gives an imported text as the default.
  export default text;
}
