declare module "*.css" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a text import is one
  export default text;
}
declare module "*.svg" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a text import is one
  export default text;
}
