declare module "*.md" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a text import is one
  export default text;
}
