using System.Text;
using System.Text.Json;

namespace Plue.Server.Store;

/// <summary>A query prepared for the bytes of journals. Created once for each search. Thread-safe.</summary>
internal sealed class JournalQuery
{
    private readonly EscapedTerm[] terms;
    private readonly byte[][] members;

    public JournalQuery(SearchQuery query)
    {
        Query = query;
        terms = [.. query.Terms.Select(term => new EscapedTerm(term))];
        List<string> sure = [];
        if (query.Role is { } role)
        {
            sure.Add($"\"role\":\"{EnumNames<Messages.MessageRole>.Of(role)}\"");
        }
        if (query.Status is { } status)
        {
            sure.Add($"\"status\":\"{EnumNames<Messages.MessageStatus>.Of(status)}\"");
        }
        members = [.. sure.Select(Encoding.UTF8.GetBytes)];
    }

    public SearchQuery Query { get; }

    /// <summary>False if no line of this journal can match. Most journals are read no further, and their lines are not checked.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The caller canceled.</exception>
    public bool MayMatch(FileStream journal, CancellationToken cancellationToken)
    {
        var seen = new bool[terms.Length];
        var isFirst = true;
        return JournalReader.HasBlock(
            journal,
            block =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                // A full read reports problems at the beginning.
                if (isFirst && !HasValidHeader(block))
                {
                    return true;
                }

                isFirst = false;
                for (var i = 0; i < terms.Length; i++)
                {
                    seen[i] = seen[i] || JournalTexts.MayContain(block, terms[i]);
                }

                return !seen.Contains(false);
            }
        );
    }

    /// <summary>False if this message record cannot match.</summary>
    public bool MayMatch(ReadOnlySpan<byte> json)
    {
        foreach (var member in members)
        {
            if (json.IndexOf(member) < 0)
            {
                return false;
            }
        }

        foreach (var term in terms)
        {
            if (!JournalTexts.MayContain(json, term))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasValidHeader(ReadOnlySpan<byte> block) =>
        JournalLine.TryParse(block[..Math.Max(0, block.IndexOf((byte)'\n'))], 0, out var line)
        && line.Type.SequenceEqual(StoredHeader.TypeName)
        && JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredHeader) is { Format: <= StoredHeader.CurrentFormat };
}
