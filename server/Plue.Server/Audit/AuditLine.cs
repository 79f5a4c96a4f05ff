using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Plue.Server.Audit;

/// <summary>
/// One line of an audit export:
/// <code>{"seq":12,"prev":"…","time":"2026-01-31T09:30:00.123Z","type":"request", ... ,"sha256":"…"}\n</code>
/// <c>sha256</c> is the last member: the SHA-256 of the line's bytes without <c>,"sha256":"…"</c> and the line feed, but with the closing brace.
/// <c>prev</c> is the <c>sha256</c> of the previous line; zeros in the first line. So a line cannot be changed, removed, added or moved without changing
/// all hashes after it.
/// </summary>
/// <param name="Seq">From 1, without gaps.</param>
internal sealed record AuditLine(long Seq, string Previous, string Type, string Sha256)
{
    /// <summary>The <c>prev</c> of the first line.</summary>
    public static readonly string NoPrevious = new('0', HashLength);
    private const int HashLength = SHA256.HashSizeInBytes * 2;
    private const int SuffixLength = 11 + HashLength + 2;

    private static ReadOnlySpan<byte> HashMember => ",\"sha256\":\""u8;
    private static ReadOnlySpan<byte> End => "\"}"u8;

    /// <summary>Writes a line and returns its hash.</summary>
    /// <param name="json">A JSON object on one line, without its hash.</param>
    public static string Write(Stream output, ReadOnlySpan<byte> json)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(json));
        output.Write(json[..^1]);
        output.Write(HashMember);
        output.Write(Encoding.ASCII.GetBytes(hash));
        output.Write(End);
        output.Write("\n"u8);
        return hash;
    }

    /// <returns>Null if the content does not match its hash.</returns>
    public static AuditLine? TryParse(ReadOnlySpan<byte> line)
    {
        if (line.Length <= SuffixLength || line[^SuffixLength..] is var suffix && !(suffix.StartsWith(HashMember) && suffix.EndsWith(End)))
        {
            return null;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(line[..^SuffixLength]);
        hash.AppendData("}"u8);
        var computed = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (!suffix[HashMember.Length..^End.Length].SequenceEqual(Encoding.ASCII.GetBytes(computed)))
        {
            return null;
        }

        try
        {
            var json = new Utf8JsonReader(line);
            (long Seq, string? Previous, string? Type) found = default;
            for (json.Read(); json.Read() && json.TokenType == JsonTokenType.PropertyName; )
            {
                if (json.ValueTextEquals("seq"u8) && json.Read())
                {
                    found.Seq = json.GetInt64();
                }
                else if (json.ValueTextEquals("prev"u8) && json.Read())
                {
                    found.Previous = json.GetString();
                }
                else if (json.ValueTextEquals("type"u8) && json.Read())
                {
                    found.Type = json.GetString();
                    break;
                }
                else
                {
                    json.Read();
                    json.Skip();
                }
            }

            return found is { Previous: { } previous, Type: { } type } ? new AuditLine(found.Seq, previous, type, computed) : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
