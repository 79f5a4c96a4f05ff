using System.Text.RegularExpressions;

namespace Plue.Server.Providers.VertexAi;

/// <summary>The names of models on Vertex AI.</summary>
internal static partial class VertexModels
{
    public static bool IsClaude(string model) => Bare(model).StartsWith("claude", StringComparison.OrdinalIgnoreCase);

    /// <summary>True for models of other publishers, which use other protocols.</summary>
    public static bool IsForeign(string model) => Bare(model).Contains('/');

    /// <summary>Returns the end of the address. A date follows an @: <c>claude-haiku-4-5@20251001</c>.</summary>
    public static string PathOf(string model)
    {
        var bare = Bare(model);
        if (!IsClaude(model))
        {
            return $"/publishers/google/models/{Uri.EscapeDataString(bare)}";
        }
        return $"/publishers/anthropic/models/{Uri.EscapeDataString(Dated().Replace(bare, "@$1")).Replace("%40", "@")}";
    }

    /// <summary>Removes the publisher.</summary>
    private static string Bare(string model)
    {
        foreach (var prefix in new[] { "publishers/google/models/", "publishers/anthropic/models/", "google/", "anthropic/", "models/" })
        {
            if (model.StartsWith(prefix, StringComparison.Ordinal))
            {
                return model[prefix.Length..];
            }
        }

        return model;
    }

    [GeneratedRegex(@"-(\d{8})$")]
    private static partial Regex Dated();
}
