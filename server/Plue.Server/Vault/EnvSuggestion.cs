namespace Plue.Server.Vault;

/// <summary>The suggested vault entry for a variable in a <c>.env</c> file.</summary>
/// <param name="Reference"><c>vault://owner/name</c>.</param>
/// <param name="Origins">The origins of the vendor; empty if the name belongs to no known vendor.</param>
internal sealed record EnvSuggestion(string Name, string Reference, IReadOnlyList<string> Origins)
{
    private const string KeyEnding = "_API_KEY";

    public static EnvSuggestion Of(string name)
    {
        var isKey = name.EndsWith(KeyEnding, StringComparison.Ordinal);
        var plain = name.ToLowerInvariant().Trim('_');
        var owner = (isKey ? name[..^KeyEnding.Length] : name).ToLowerInvariant().Trim('_').Replace('_', '-');
        var reference = $"vault://{Short(owner, "env")}/{(isKey ? "api_key" : Short(plain, "value"))}";
        return new EnvSuggestion(name, reference, EnvironmentKeys.VendorOrigins.TryGetValue(name, out var origin) ? [origin] : []);
    }

    private static string Short(string text, string otherwise) => text.Length == 0 ? otherwise : text[..Math.Min(text.Length, 100)];
}
