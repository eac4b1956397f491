/** What a key of the [http] section names cannot be used. */
export class HttpSettingError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint: string | undefined) {
    super(message);
    this.name = "HttpSettingError";
    this.hint = hint;
  }
}
