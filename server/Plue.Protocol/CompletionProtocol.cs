namespace Plue.Protocol;

/// <summary>Completes code at the cursor. A newer request stops an older one, which then returns no text.</summary>
/// <param name="Prefix">The text before the cursor, with line feeds.</param>
/// <param name="Suffix">The text after the cursor.</param>
/// <param name="Path">The absolute path of the document; null for one without a file.</param>
/// <param name="IsMultiline">Whether the completion may have several lines.</param>
public sealed record CompletionInlineParams(string ProviderId, string Model, string Prefix, string Suffix, string? Path, bool? IsMultiline);

/// <param name="Text">May be empty; null if nothing was sent, or if a newer request replaced this one.</param>
/// <param name="Excluded">Why the document is not sent to a model, as a sentence; null if it was.</param>
/// <param name="SpentToday">The cost of today's completions, in USD.</param>
public sealed record CompletionInlineResult(string? Text, string? Excluded, decimal SpentToday);

/// <summary>The models that can complete code, by provider.</summary>
public sealed record CompletionModelsResult(IReadOnlyList<CompletionProvider> Providers);

/// <param name="Problem">Why its models could not be listed; null if they were.</param>
public sealed record CompletionProvider(string Id, string Name, IReadOnlyList<CompletionModelView> Models, string? Problem);

/// <param name="IsKnown">False if the server does not say whether the model completes code.</param>
public sealed record CompletionModelView(string Id, string? Name, bool IsKnown, PriceView? Price);
