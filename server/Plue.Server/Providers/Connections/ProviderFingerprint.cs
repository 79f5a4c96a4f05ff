using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Connections;

/// <summary>
/// Hashes settings, to detect that something known about a provider may be outdated. Covers references to secrets, never secrets. Settings whose file contains
/// a literal key are invalid and never hashed.
/// </summary>
internal static class ProviderFingerprint
{
    /// <summary>Covers everything that a response depends on, but not the name and whether the provider is enabled.</summary>
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

    /// <summary>Returns the provider as an instruction source of a response.</summary>
    public static InstructionSource Source(ProviderSettings settings) =>
        new(InstructionKind.Provider, $"codex://providers/{settings.Id}", settings.Name, new ContentVersion(() => Of(settings)));

    /// <summary>Covers the address and the account, on which the list of models depends.</summary>
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
            // Omitted if empty, so that providers without these keep their fingerprint.
            .. settings.Arguments.Count == 0 ? [] : settings.Arguments.Append(settings.Arguments.Count.ToString(Invariant)),
            .. settings.Environment.Count == 0 ? [] : Entries(settings.Environment),
            .. Entries(settings.Headers),
            .. Entries(settings.AdditionalAuth),
        ];

    private static IEnumerable<string> Entries(IReadOnlyDictionary<string, string> map) =>
        map.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .SelectMany(entry => new[] { entry.Key, entry.Value })
            .Append(map.Count.ToString(Invariant));

    /// <summary>Hashes each part with its length, so that different lists have different input.</summary>
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
