using Plue.Protocol;
using Plue.Server.Catalog;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Rpc;

/// <summary>Converts a model from any source to its view. Unknown values are null.</summary>
internal static class ModelViews
{
    /// <param name="typical">The token usage of the user's typical chat; null if there is not enough data.</param>
    public static ModelView Of(ModelInfo model, Usage? typical) =>
        Priced(
            model.Pricing,
            typical,
            new()
            {
                Id = model.Id,
                Name = model.Name,
                Description = model.Description,
                ContextLength = model.ContextLength,
                MaxOutput = model.MaxOutput,
                SupportsTools = model.SupportsTools,
                SupportsVision = model.SupportsVision,
                CanReason = model.CanReason,
                ReasoningLevels = model.ReasoningLevels,
                DefaultReasoningLevel = model.DefaultReasoningLevel,
            }
        );

    public static ModelView Of(CatalogModel model, Usage? typical) =>
        Priced(
            model.Price,
            typical,
            new()
            {
                Id = model.Id,
                Name = model.Name is { Length: > 0 } name ? name : null,
                ContextLength = model.ContextWindow > 0 ? model.ContextWindow : null,
                MaxOutput = model.MaxOutput,
                SupportsVision = model.SupportsAttachments,
                CanReason = model.CanReason,
                ReasoningLevels = model.ReasoningLevels,
                DefaultReasoningLevel = model.DefaultReasoningEffort,
            }
        );

    private static ModelView Priced(Price? price, Usage? typical, ModelView model) =>
        model with
        {
            InputPerMillion = price?.InputPerMillion,
            OutputPerMillion = price?.OutputPerMillion,
            CachedReadPerMillion = price?.CachedReadPerMillion,
            CachedWritePerMillion = price?.CachedWritePerMillion,
            TypicalChatCost = typical is null ? null : price?.CostOf(typical).TotalCost,
        };
}
