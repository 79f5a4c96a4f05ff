using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Plue.Server.Tools;

/// <summary>Finds schema URLs that an editor fetches automatically when it opens a file. The author of such a file could send data in the URL.</summary>
internal static partial class SchemaUrls
{
    private const int MaxUrls = 20;

    /// <summary>Gets the URLs that a change adds.</summary>
    /// <param name="before">Null for a new file.</param>
    public static IReadOnlyList<Uri> Added(byte[]? before, byte[] after)
    {
        var known = before is null ? [] : Of(before);
        return [.. Of(after).Where(address => !known.Contains(address)).Take(MaxUrls)];
    }

    private static HashSet<Uri> Of(byte[] content)
    {
        // UTF-16 text becomes readable by removing its zero bytes.
        var text = EscapeSequence()
            .Replace(
                Encoding.UTF8.GetString(content).Replace("\0", "", StringComparison.Ordinal),
                escape =>
                    escape.Groups["code"].Success
                        ? (
                            (char)int.Parse(escape.Groups["code"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                        ).ToString()
                        : "/"
            );
        return
        [
            .. Url()
                .Matches(text)
                .Select(match => Uri.TryCreate(match.Groups["url"].Value, UriKind.Absolute, out var address) ? address : null)
                .OfType<Uri>(),
        ];
    }

    [GeneratedRegex(@"\\(?:u(?<code>[0-9a-fA-F]{4})|/)", RegexOptions.CultureInvariant)]
    private static partial Regex EscapeSequence();

    [GeneratedRegex(
        @"(?:""\$schema""\s*:\s*""|'\$schema'\s*:\s*'|yaml-language-server\s*:\s*\$schema\s*=\s*)(?<url>https?://[^""'\s]+)",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex Url();
}
