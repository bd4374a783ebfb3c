// The database that a URL names, for the driver: it decodes each part of a URL but this one, so that a name with a blank in it, or a
// letter beyond ASCII, would not be found. (pure)

/** As an option of the driver; none where the URL names no database. */
export function databaseNamedBy(url: string): { readonly database?: string } {
  const name = /^[^?#]*?:\/\/[^/?#]*\/([^?#]+)/.exec(url)?.[1];
  try {
    return name === undefined ? {} : { database: decodeURIComponent(name) };
  } catch {
    return {};
  }
}
