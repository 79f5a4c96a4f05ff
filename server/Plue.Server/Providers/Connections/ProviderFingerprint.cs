using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Connections;

/// <summary>
/// Tells whether settings still say what they said when something was learned about them: a hash, of references and never of secrets.
/// Settings whose file holds a literal key are broken and are not asked for one.
/// </summary>
internal static class ProviderFingerprint
{
    /// <summary>Of everything that an answer depends on: neither the name, nor whether it is switched on.</summary>
    public static string Of(ProviderSettings settings) =>
        Hash([
            .. Connection(settings),
            settings.Model,
            settings.MaxTurns?.ToString(Invariant),
            settings.CustomSystemPrompt,
            settings.MaxTokens?.ToString(Invariant),
            settings.Temperature?.ToString(Invariant),
            .. settings.StopSequences,
            settings.ReasoningLevel,
            settings.SupportsTools.ToString(),
            settings.SupportsStreaming.ToString(),
            settings.Timeout?.ToString(),
            settings.RetryPolicy,
        ]);

    /// <summary>As one of those that steer an answer.</summary>
    public static InstructionSource Source(ProviderSettings settings) =>
        new(InstructionKind.Provider, $"codex://providers/{settings.Id}", settings.Name, new ContentVersion(() => Of(settings)));

    /// <summary>Covers the address and the account: the list of models depends on nothing else.</summary>
    public static string OfConnection(ProviderSettings settings) => Hash(Connection(settings));

    private static IFormatProvider Invariant => System.Globalization.CultureInfo.InvariantCulture;

    private static IReadOnlyList<string?> Connection(ProviderSettings settings) =>
        [
            settings.Kind,
            settings.Endpoint?.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped),
            settings.CatalogProvider,
            settings.AuthType.ToString(),
            settings.ApiKeyRef,
            settings.CliPath,
            settings.Command,
            // Providers without these keep their fingerprint.
            .. settings.Arguments.Count == 0 ? [] : settings.Arguments.Append(settings.Arguments.Count.ToString(Invariant)),
            .. settings.Environment.Count == 0 ? [] : Entries(settings.Environment),
            .. Entries(settings.Headers),
            .. Entries(settings.AdditionalAuth),
        ];

    private static IEnumerable<string> Entries(IReadOnlyDictionary<string, string> map) =>
        map.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .SelectMany(entry => new[] { entry.Key, entry.Value })
            .Append(map.Count.ToString(Invariant));

    /// <summary>Each part with its length, so that no two lists of parts look alike.</summary>
    private static string Hash(IReadOnlyList<string?> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            text.Append(Invariant, $"{part?.Length ?? -1}:{part}\n");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }
}
