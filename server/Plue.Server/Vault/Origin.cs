using Plue.Server.Messages;

namespace Plue.Server.Vault;

/// <summary>
/// An origin that a secret may be sent to: scheme, host and port, compared exactly and never by prefix or suffix.
/// The host is lower case and in its ASCII (IDN) form, so that two spellings of one host are equal and two look-alikes are not.
/// </summary>
internal readonly record struct Origin(string Scheme, string Host, int Port)
{
    /// <summary>A program on this machine, identified by its hashes: <c>exec://HASH.HASH</c>.</summary>
    private const string ProgramScheme = "exec";

    /// <summary>Null if the URL has no unambiguous origin: a scheme other than http(s), credentials in the URL, or a host that ends in a dot.</summary>
    public static Origin? Of(Uri url)
    {
        if (url.IsAbsoluteUri && url.Scheme == ProgramScheme)
        {
            return IsProgram(url.Host) ? new Origin(ProgramScheme, url.Host, 0) : null;
        }

        if (!url.IsAbsoluteUri || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
        {
            return null;
        }

        if (url.UserInfo.Length > 0 || url.OriginalString.Contains('\\'))
        {
            return null;
        }

        var host = url.IdnHost.ToLowerInvariant();
        if (host.Length == 0 || host.EndsWith('.') || !host.All(char.IsAscii))
        {
            return null;
        }

        return new Origin(url.Scheme, url.HostNameType == UriHostNameType.IPv6 ? $"[{host}]" : host, url.Port);
    }

    /// <summary>Parses a URL from the user; ignores path and query.</summary>
    /// <exception cref="FailureException">BadRequest.</exception>
    public static Origin Parse(string url) =>
        (Uri.TryCreate(url.Trim(), UriKind.Absolute, out var parsed) ? Of(parsed) : null)
        ?? throw new FailureException(
            FailureKind.BadRequest,
            "The address is not a valid origin for a key. Enter one like https://api.example.com, without a user name or a trailing dot."
        );

    private static bool IsProgram(string host) =>
        host.Length == 65 && host[32] == '.' && host.All(letter => letter == '.' || char.IsAsciiHexDigitLower(letter));

    public override string ToString() =>
        Scheme == ProgramScheme ? $"{Scheme}://{Host}"
        : Port == (Scheme == Uri.UriSchemeHttps ? 443 : 80) ? $"{Scheme}://{Host}"
        : $"{Scheme}://{Host}:{Port}";
}
