using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>Reads the keys in a <c>.env</c> file. Expands and runs nothing; lines that are not assignments are skipped.</summary>
internal static partial class EnvFile
{
    private const int MaximumSize = 1024 * 1024;
    private const int MaximumEntries = 1000;

    /// <returns>Names and values in file order; the last value of a duplicate name, as in shells. Empty values are omitted.</returns>
    /// <exception cref="FailureException">NotFound. BadRequest: the file is too large or not text.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(string path)
    {
        byte[] bytes;
        try
        {
            using var stream = RegularFile.OpenRead(path);
            if (stream.Length > MaximumSize)
            {
                throw new FailureException(
                    FailureKind.BadRequest,
                    "The file is larger than 1 MiB, too large for an .env file. Choose another."
                );
            }

            bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FailureException(
                FailureKind.NotFound,
                $"The file could not be read ({exception.Message.TrimEnd('.')}). Choose another.",
                exception
            );
        }

        try
        {
            return Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        }
        catch (DecoderFallbackException exception)
        {
            throw new FailureException(FailureKind.BadRequest, "That file is not UTF-8 text. Choose another.", exception);
        }
    }

    /// <summary>Never throws.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Parse(string text)
    {
        var found = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        text = text.TrimStart('\uFEFF');
        foreach (var match in Assignment().EnumerateMatches(text))
        {
            if (found.Count >= MaximumEntries)
            {
                break;
            }

            var line = text.AsSpan(match.Index, match.Length);
            var equals = line.IndexOf('=');
            var name = line[..equals].Trim();
            if (name.StartsWith("export ") || name.StartsWith("export\t"))
            {
                name = name["export".Length..].TrimStart();
            }

            var value = ValueOf(line[(equals + 1)..].Trim());
            found.Remove(name.ToString());
            if (value.Length > 0)
            {
                found[name.ToString()] = value;
            }
        }

        return [.. found];
    }

    private static string ValueOf(ReadOnlySpan<char> raw)
    {
        if (raw.Length >= 2 && raw[0] is '"' or '\'')
        {
            var end = raw[1..].IndexOf(raw[0]);
            if (end >= 0)
            {
                return raw.Slice(1, end).ToString();
            }
        }

        // Without quotes, a comment starts at a # after a space.
        for (var at = 0; at < raw.Length; at++)
        {
            if (raw[at] == '#' && (at == 0 || char.IsWhiteSpace(raw[at - 1])))
            {
                return raw[..at].TrimEnd().ToString();
            }
        }

        return raw.ToString();
    }

    [GeneratedRegex(
        @"^[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_]{0,199}[ \t]*=[^\r\n]*",
        RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex Assignment();
}
