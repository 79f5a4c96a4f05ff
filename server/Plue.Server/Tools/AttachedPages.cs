using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Policy;

namespace Plue.Server.Tools;

/// <summary>Web pages that the user attaches to a message. The user names the address, so nothing is approved; the limits and the policy are those of the fetch tool.</summary>
internal sealed class AttachedPages(PluePaths paths, TimeProvider time, WebPages pages)
{
    /// <summary>Returns the page as Markdown after a line that says where it is from.</summary>
    public async Task<string> ReadAsync(string url, CancellationToken cancellationToken)
    {
        try
        {
            var address = WebPages.AddressIn(url, "The address");
            if (ManagedPolicy.Read(paths).RefusalOfTool("fetch") is { } refusal)
            {
                throw PolicyRefusals.Refuse(paths, time, refusal);
            }

            var page = await pages.GetAsync(address, cancellationToken);
            if (page.RedirectsTo is { } next)
            {
                throw Failed($"{page.Address} redirects to {next}, which was not fetched. Attach that address instead.");
            }

            return page.Status < 400
                ? page.Labeled
                : throw Failed($"{page.Address} returned status {page.Status}, so it is not attached. Check the address.");
        }
        catch (ToolFailureException fault)
        {
            throw Failed(fault.Message, fault);
        }
    }

    private static FailureException Failed(string message, Exception? inner = null) => new(FailureKind.BadRequest, message, inner);
}
