// What the pages inside the workbench ask for. A webview's files come from VS Code's service worker and
// look like requests to a foreign host; everything else that is not the server itself would be a leak.

/** @param {import('playwright-core').BrowserContext} context @param {string} origin The server's. */
export function watchRequests(context, origin) {
  /** @type {Promise<string | undefined>[]} */
  const asked = [];
  context.on('request', (request) => {
    if (isFromPageInside(request)) asked.push(leakOf(request, origin));
  });
  return {
    /** How many requests the webviews made. */
    count: () => asked.length,
    /** The addresses of those that left the webview. */
    leaks: async () => (await Promise.all(asked)).filter((url) => url !== undefined),
  };
}

/** @param {import('playwright-core').Request} request */
function isFromPageInside(request) {
  try {
    return request.serviceWorker() !== null || request.frame().parentFrame() !== null;
  } catch {
    return true; // A frame that is just being opened: count it.
  }
}

/** @param {import('playwright-core').Request} request @param {string} origin */
async function leakOf(request, origin) {
  const url = request.url();
  if (url.startsWith('data:') || url.startsWith('blob:') || url.startsWith(`${origin}/`)) return undefined;
  const response = await request.response().catch(() => null);
  return response?.fromServiceWorker() ? undefined : url;
}
