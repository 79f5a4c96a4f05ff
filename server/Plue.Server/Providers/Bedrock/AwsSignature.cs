using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Plue.Server.Providers.Bedrock;

/// <summary>The request to sign, with all headers that the signature covers.</summary>
/// <param name="Path">Escaped as in the request.</param>
/// <param name="Query">Without the question mark.</param>
internal sealed record AwsRequest(
    string Method,
    string Path,
    string Query,
    IReadOnlyList<(string Name, string Value)> Headers,
    ReadOnlyMemory<byte> Body
);

/// <summary>AWS Signature Version 4 with its intermediate values.</summary>
/// <param name="Authorization">The value of the Authorization header.</param>
internal sealed record AwsSignature(string CanonicalRequest, string StringToSign, string Signature, string Authorization)
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    public static AwsSignature Of(AwsRequest request, AwsKeys keys, string region, string service, DateTimeOffset at)
    {
        var headers = request
            .Headers.Select(header => (Name: header.Name.ToLowerInvariant(), Value: Collapse(header.Value)))
            .GroupBy(header => header.Name, (name, values) => (Name: name, Value: string.Join(',', values.Select(header => header.Value))))
            .OrderBy(header => header.Name, StringComparer.Ordinal)
            .ToList();
        var names = string.Join(';', headers.Select(header => header.Name));
        var lines = string.Concat(headers.Select(header => $"{header.Name}:{header.Value}\n"));
        var canonical =
            $"{request.Method}\n{CanonicalPath(request.Path)}\n{CanonicalQuery(request.Query)}\n{lines}\n{names}\n{HashOf(request.Body.Span)}";

        var day = at.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var scope = $"{day}/{region}/{service}/aws4_request";
        var toSign = $"{Algorithm}\n{DateOf(at)}\n{scope}\n{HashOf(Encoding.UTF8.GetBytes(canonical))}";

        var key = Encoding.UTF8.GetBytes("AWS4" + keys.SecretAccessKey);
        foreach (var part in new[] { day, region, service, "aws4_request" })
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
        return new AwsSignature(
            canonical,
            toSign,
            signature,
            $"{Algorithm} Credential={keys.AccessKeyId}/{scope}, SignedHeaders={names}, Signature={signature}"
        );
    }

    /// <summary>Formats a time like the header <c>x-amz-date</c>.</summary>
    public static string DateOf(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    public static string HashOf(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Resolves dots and double slashes, and escapes each segment once more than in the request.</summary>
    private static string CanonicalPath(string path)
    {
        var segments = new List<string>();
        foreach (var segment in path.Split('/'))
        {
            if (segment is "" or ".")
            {
                continue;
            }
            if (segment != "..")
            {
                segments.Add(Uri.EscapeDataString(segment));
            }
            else if (segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
        }

        var ending = segments.Count > 0 && path.EndsWith('/') ? "/" : "";
        return $"/{string.Join('/', segments)}{ending}";
    }

    private static string CanonicalQuery(string query)
    {
        if (query.Length == 0)
        {
            return "";
        }
        var pairs = query
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair =>
            {
                var equals = pair.IndexOf('=');
                var (name, value) = equals < 0 ? (pair, "") : (pair[..equals], pair[(equals + 1)..]);
                return (Name: Escape(name), Value: Escape(value));
            });
        return string.Join(
            '&',
            pairs
                .OrderBy(pair => pair.Name, StringComparer.Ordinal)
                .ThenBy(pair => pair.Value, StringComparer.Ordinal)
                .Select(pair => $"{pair.Name}={pair.Value}")
        );
    }

    private static string Escape(string sent) => Uri.EscapeDataString(Uri.UnescapeDataString(sent));

    private static string Collapse(string value) =>
        string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
