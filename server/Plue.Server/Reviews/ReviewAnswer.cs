using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Reviews;

/// <summary>Reads the responses of the models. They may be wrong in every way, so each member is checked against the diff.</summary>
internal static class ReviewAnswer
{
    private const int MaxTitle = 200;
    private const int MaxReason = 4000;
    private const int MaxFix = 20_000;
    private const int MaxFindings = 100;
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16, AllowTrailingCommas = true };

    /// <returns>The findings and the number of dropped ones; null if the response is not in the format.</returns>
    /// <param name="masked">True if a text contains a secret that the model did not see, so that a replacement would destroy it.</param>
    public static (IReadOnlyList<StoredFinding> Findings, int Dropped)? Read(
        string response,
        IReadOnlyList<ChangedFile> files,
        Func<string, bool> masked
    )
    {
        using var document = Parse(response);
        if (
            document?.RootElement is not { ValueKind: JsonValueKind.Object } root
            || !root.TryGetProperty("findings", out var list)
            || list.ValueKind != JsonValueKind.Array
        )
        {
            return null;
        }

        List<StoredFinding> findings = [];
        var dropped = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (findings.Count < MaxFindings && Finding(item, files, masked) is { } finding)
            {
                findings.Add(finding);
            }
            else
            {
                dropped++;
            }
        }

        return (findings, dropped);
    }

    /// <summary>Reads whether a finding stands, with the reason.</summary>
    /// <returns>Null if the response is not in the format.</returns>
    public static (bool Stands, string Reason)? ReadRefutation(string response)
    {
        using var document = Parse(response);
        return
            document?.RootElement is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("stands", out var stands)
            && stands.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? (stands.GetBoolean(), Text(root, "reason", MaxReason) ?? "")
            : null;
    }

    private static JsonDocument? Parse(string response)
    {
        var (from, to) = (response.IndexOf('{', StringComparison.Ordinal), response.LastIndexOf('}'));
        if (from < 0 || to < from)
        {
            return null;
        }

        try
        {
            return JsonDocument.Parse(response.AsMemory(from, to - from + 1), Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static StoredFinding? Finding(JsonElement item, IReadOnlyList<ChangedFile> files, Func<string, bool> masked)
    {
        if (
            item.ValueKind != JsonValueKind.Object
            || Text(item, "file", 4096) is not { } path
            || files.FirstOrDefault(file => file.Path == path || HiddenCharacters.VisibleLine(file.Path) == path) is not { } file
            || Number(item, "line") is not { } line
            || !file.NewLines.TryGetValue(line, out var text)
            || Text(item, "title", MaxTitle) is not { } title
            || Text(item, "reason", MaxReason) is not { } reason
            || Severity(item) is not { } severity
        )
        {
            return null;
        }

        var end = Number(item, "end_line") is { } given && given > line && file.NewLines.ContainsKey(given) ? given : line;
        return new StoredFinding(
            $"f_{Guid.NewGuid():N}",
            file.Path,
            line,
            end,
            severity,
            OneLine.Of(HiddenCharacters.Visible(title)),
            HiddenCharacters.Visible(reason),
            text,
            ReviewPrompt.Excerpt(file, line)
        )
        {
            Fix = Fix(item, file, masked),
        };
    }

    /// <returns>Null if the lines are not all in the diff, or if the model did not see them as they are.</returns>
    private static StoredFix? Fix(JsonElement item, ChangedFile file, Func<string, bool> masked)
    {
        if (
            !item.TryGetProperty("fix", out var fix)
            || fix.ValueKind != JsonValueKind.Object
            || Number(fix, "from") is not { } from
            || Number(fix, "to") is not { } to
            || to < from
            || to - from > file.NewLines.Count
            || !fix.TryGetProperty("text", out var text)
            || text.ValueKind != JsonValueKind.String
        )
        {
            return null;
        }

        var lines = Enumerable.Range(from, to - from + 1).Select(number => file.NewLines.GetValueOrDefault(number)).ToList();
        if (lines.Contains(null))
        {
            return null;
        }

        var (before, after) = (string.Join('\n', lines), Lines(text.GetString()!));
        return before == after || after.Length > MaxFix || HiddenCharacters.Count(before + after) > 0 || masked(before)
            ? null
            : new StoredFix(from, to, before, after);
    }

    private static string Lines(string text)
    {
        var unix = text.Replace("\r\n", "\n", StringComparison.Ordinal);
        return unix.EndsWith('\n') ? unix[..^1] : unix;
    }

    private static FindingSeverity? Severity(JsonElement item) =>
        Text(item, "severity", 20)?.ToLowerInvariant() switch
        {
            "error" => FindingSeverity.Error,
            "warning" => FindingSeverity.Warning,
            "note" => FindingSeverity.Note,
            _ => null,
        };

    private static int? Number(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : null;

    private static string? Text(JsonElement item, string name, int maxLength) =>
        item.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
        && value.GetString()?.Trim() is { Length: > 0 } text
            ? TextCut.Head(text, maxLength)
            : null;
}
