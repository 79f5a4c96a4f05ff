// Network requests of the pages inside the workbench. A webview's files come from VS Code's service worker and
// look like requests to another host; any other request that does not go to the server is a leak.

/** @param {import('playwright-core').BrowserContext} context @param {string} origin Origin of the server. */
export function watchRequests(context, origin) {
  /** @type {Promise<string | undefined>[]} */
  const asked = [];
  context.on('request', (request) => {
    if (isFromPageInside(request)) asked.push(leakOf(request, origin));
  });
  return {
    /** Number of requests from webviews. */
    count: () => asked.length,
    /** Addresses of requests that left the webview. */
    leaks: async () => (await Promise.all(asked)).filter((url) => url !== undefined),
  };
}

/** @param {import('playwright-core').Request} request */
function isFromPageInside(request) {
  try {
    return request.serviceWorker() !== null || request.frame().parentFrame() !== null;
  } catch {
    return true; // a frame that is being opened counts
  }
}

/** @param {import('playwright-core').Request} request @param {string} origin */
async function leakOf(request, origin) {
  const url = request.url();
  if (url.startsWith('data:') || url.startsWith('blob:') || url.startsWith(`${origin}/`)) return undefined;
  const response = await request.response().catch(() => null);
  return response?.fromServiceWorker() ? undefined : url;
}
