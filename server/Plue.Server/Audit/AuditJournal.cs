using System.Text.Json;
using Plue.Server.Store;

namespace Plue.Server.Audit;

/// <summary>
/// The events of one journal. A message can be written several times; only its last record counts. Messages that were imported or copied from another chat did
/// not happen in this one and is omitted.
/// </summary>
internal sealed class AuditJournal(string id, string path, bool isDeleted)
{
    /// <exception cref="IOException">The journal cannot be read; also UnauthorizedAccessException.</exception>
    public void WriteTo(AuditWriter writer, AuditRange range, CancellationToken cancellationToken)
    {
        var last = new Dictionary<string, long>(StringComparer.Ordinal);
        JournalReader.Scan(
            path,
            line =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (MessageOf(line) is { } message)
                {
                    last[message.Id] = line.Seq;
                }
            }
        );

        JournalReader.Scan(
            path,
            line =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (seq, at) = (line.Seq, line.Time);
                if (MessageOf(line) is { } message)
                {
                    if (last.GetValueOrDefault(message.Id, seq) == seq && message.Copy != true && range.Has(at))
                    {
                        WriteMessage(writer, range, message, at);
                    }
                    return;
                }

                switch (Parsed(line))
                {
                    case StoredHeader header when range.Has(at):
                        writer.Write("chat", at, json => WriteChat(json, header));
                        break;
                    case StoredImported source when range.Has(at):
                        writer.Write(
                            "import",
                            at,
                            json =>
                            {
                                json.WriteString("chat"u8, id);
                                json.WriteString("source"u8, source.Source);
                            }
                        );
                        break;
                    case StoredHook hook when range.Has(at):
                        writer.Write("hook", at, json => WriteHook(writer, json, hook));
                        break;
                }
            }
        );
    }

    private void WriteChat(Utf8JsonWriter json, StoredHeader header)
    {
        json.WriteString("chat"u8, id);
        json.WriteString("template"u8, header.Template);
        if (isDeleted)
        {
            json.WriteBoolean("deleted"u8, true);
        }
    }

    private void WriteMessage(AuditWriter writer, AuditRange range, StoredMessage message, DateTimeOffset at)
    {
        if (range.HasContent)
        {
            writer.Write("message", at, json => WriteContent(writer, json, message));
        }

        foreach (var use in (message.Parts ?? []).OfType<StoredPart>().Where(part => part.Type == "tool_use"))
        {
            var result = message.Parts!.FirstOrDefault(part => part is { Type: "tool_result" } && part.ToolUseId == use.ToolUseId);
            writer.Write("tool_call", at, json => WriteCall(writer, json, message.Id, use, result, range.HasContent));
        }

        foreach (var run in message.Hooks ?? [])
        {
            writer.Write(
                "hook",
                at,
                json =>
                {
                    json.WriteString("chat"u8, id);
                    json.WriteString("message"u8, message.Id);
                    writer.Text(json, "name", run.Name);
                    json.WriteString("trigger"u8, run.Trigger);
                    json.WriteString("result"u8, run.Result);
                    json.WriteNumber("duration_ms"u8, Math.Round(run.DurationMs, 1));
                    if (run.ToolUseId is { } call)
                    {
                        json.WriteString("tool_use_id"u8, call);
                    }
                    if (range.HasContent)
                    {
                        writer.Text(json, "text", run.Text);
                    }
                }
            );
        }
    }

    private void WriteContent(AuditWriter writer, Utf8JsonWriter json, StoredMessage message)
    {
        json.WriteString("chat"u8, id);
        json.WriteString("message"u8, message.Id);
        json.WriteString("role"u8, message.Role);
        json.WriteString("status"u8, message.Status);
        writer.Text(json, "text", string.Concat((message.Parts ?? []).Where(part => part?.Type == "text").Select(part => part!.Content)));
        writer.Text(json, "error", message.Error?.Message);
    }

    private void WriteCall(AuditWriter writer, Utf8JsonWriter json, string message, StoredPart use, StoredPart? result, bool hasContent)
    {
        json.WriteString("chat"u8, id);
        json.WriteString("message"u8, message);
        json.WriteString("tool"u8, use.ToolName);
        json.WriteString("tool_use_id"u8, use.ToolUseId);
        json.WriteString(
            "outcome"u8,
            result is null ? "unfinished"u8
                : result.Error is null ? "done"u8
                : "failed"u8
        );
        json.WriteNumber("changed_files"u8, result?.Changes?.Count ?? 0);
        if (result?.DurationMs is { } duration)
        {
            json.WriteNumber("duration_ms"u8, Math.Round(duration, 1));
        }
        if (result?.Approval is { } approval)
        {
            json.WriteStartObject("approval"u8);
            json.WriteString("decided_by"u8, "user"u8);
            json.WriteString("decision"u8, approval.Decision);
            json.WriteString("time"u8, StoredMessage.Utc(approval.Time).UtcDateTime);
            writer.Text(json, "rule", approval.Rule);
            writer.Text(json, "reason", approval.Reason);
            json.WriteEndObject();
        }
        if (hasContent)
        {
            writer.Text(json, "parameters", use.Parameters);
            writer.Text(json, "result", result?.Result);
            writer.Text(json, "error", result?.Error);
        }
    }

    private void WriteHook(AuditWriter writer, Utf8JsonWriter json, StoredHook hook)
    {
        json.WriteString("chat"u8, id);
        json.WriteString("trigger"u8, hook.Trigger);
        json.WriteString("action"u8, hook.Action);
        json.WriteString("result"u8, hook.Error is null ? "ran"u8 : "failed"u8);
        writer.Text(json, "error", hook.Error);
    }

    private static StoredMessage? MessageOf(JournalLine line) =>
        line.Type.SequenceEqual("message"u8) || line.Type.SequenceEqual("message_started"u8)
            ? Parsed(line) switch
            {
                StoredComplete { Message: { } message } => message,
                StoredStarted { Message: { } message } => message,
                _ => null,
            }
            : null;

    /// <returns>Null if the type of the line is unknown.</returns>
    private static StoredRecord? Parsed(JournalLine line)
    {
        if (line.Type.SequenceEqual(StoredImported.TypeName))
        {
            return JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredImported);
        }
        if (line.Type.SequenceEqual("partial"u8))
        {
            return null;
        }

        try
        {
            return StoredRecord.Parse(line);
        }
        catch (JsonException)
        {
            // Like in chats, a record of another shape is skipped.
            return null;
        }
    }
}
