using Plue.Protocol;
using Plue.Server.Chat;

namespace Plue.Server.Rpc;

/// <summary>completion/*: code completions in the editor.</summary>
internal sealed class CompletionHandlers(RpcServer server, InlineCompletions completions)
{
    public void Register()
    {
        server.Map(
            Methods.CompletionInline,
            async (parameters, cancellationToken) =>
            {
                var at = new CompletionPosition(
                    parameters.ProviderId,
                    parameters.Model,
                    parameters.Prefix,
                    parameters.Suffix,
                    parameters.Path,
                    parameters.IsMultiline ?? false
                );
                var completed = await completions.CompleteAsync(at, cancellationToken);
                return new CompletionInlineResult(completed.Text, completed.Excluded, completed.SpentToday);
            }
        );
        server.Map(
            Methods.CompletionModels,
            async (_, cancellationToken) => new CompletionModelsResult([.. (await completions.ListAsync(cancellationToken)).Select(View)])
        );
    }

    private static CompletionProvider View(CompletionModelListing listing) =>
        new(
            listing.Provider.Id,
            listing.Provider.Name,
            [
                .. listing.Models.Select(row => new CompletionModelView(
                    row.Model.Id,
                    row.Model.Name,
                    row.Model.IsKnown,
                    row.Price is { } price ? ToProtocol.Price(price) : null
                )),
            ],
            listing.Failure?.Message
        );
}
