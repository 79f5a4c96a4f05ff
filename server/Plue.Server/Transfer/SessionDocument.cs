using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>A session file that is one JSON value.</summary>
internal static class SessionDocument
{
    /// <summary>The whole value is held in memory, so the limit is lower than for a file of lines.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    private const int MaxDepth = 256;

    /// <exception cref="FailureException">BadRequest: the file is too large, or not JSON.</exception>
    public static JsonElement Read(Stream stream)
    {
        if (stream.Length > MaxBytes)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                "This file is larger than 64 MiB, the maximum for a session in one piece. Continue with another."
            );
        }

        try
        {
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new FailureException(FailureKind.BadRequest, "The file is damaged: it is not complete JSON. Choose another.");
        }
    }

    /// <summary>Gets the member names of the outermost object, or of the first object in an array, as far as the start of the file contains them.</summary>
    public static HashSet<string> NamesIn(ReadOnlySpan<byte> beginning)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(
                beginning,
                isFinalBlock: false,
                new JsonReaderState(new JsonReaderOptions { MaxDepth = MaxDepth })
            );
            var depth = 0;
            while (reader.Read())
            {
                if (names.Count == 0 && depth == 0 && reader.TokenType == JsonTokenType.StartArray)
                {
                    names.Add("[]");
                    depth = 1;
                }
                else if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == depth + 1)
                {
                    names.Add(reader.GetString() ?? "");
                }
                else if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON from here on; return the names before it.
        }

        return names;
    }
}
