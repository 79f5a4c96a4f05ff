using System.Text.Json;

namespace Plue.Server.Store;

/// <summary>Parses a complete or started message several times faster than the serializer and defers its parts.</summary>
internal static class MessageLine
{
    /// <param name="before">Another message of the chat, whose equal texts are reused.</param>
    /// <returns>Null if the line is not such a message or has an uncommon form. The serializer reads it then.</returns>
    public static StoredMessage? TryRead(JournalLine line, StoredMessage? before)
    {
        if (
            !(line.Type.SequenceEqual("message"u8) || line.Type.SequenceEqual("message_started"u8))
            || !line.Json.Overlaps(line.Type, out var type)
        )
        {
            return null;
        }

        var rest = line.Json[(type + line.Type.Length + 1)..];
        if (!rest.StartsWith(",\"message\":{"u8))
        {
            return null;
        }

        try
        {
            return TryRead(rest[",\"message\":".Length..], before);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static StoredMessage? TryRead(ReadOnlySpan<byte> json, StoredMessage? before)
    {
        string? id = null,
            codexId = null,
            role = null,
            parentId = null,
            status = null,
            stopReason = null,
            turnId = null;
        StoredParts? parts = null;
        DateTime? createdAt = null,
            updatedAt = null;
        StoredUsage? usage = null;
        StoredCost? cost = null;
        StoredProviderInfo? providerInfo = null;
        StoredTiming? timing = null;
        IReadOnlyList<StoredInstructionSource>? instructions = null;
        var reader = new Utf8JsonReader(json, isFinalBlock: false, state: default);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRead =
                reader.ValueTextEquals("id"u8) ? Text(ref reader, ref id)
                : reader.ValueTextEquals("codex_id"u8) ? Text(ref reader, ref codexId, before?.CodexId)
                : reader.ValueTextEquals("role"u8) ? Text(ref reader, ref role, "assistant", "user")
                : reader.ValueTextEquals("parent_id"u8) ? Text(ref reader, ref parentId, before?.Id)
                : reader.ValueTextEquals("parts"u8) ? reader.Read() && (parts = StoredParts.TryRead(json, ref reader)) is not null
                : reader.ValueTextEquals("created_at"u8) ? Time(ref reader, ref createdAt)
                : reader.ValueTextEquals("updated_at"u8) ? Time(ref reader, ref updatedAt)
                : reader.ValueTextEquals("status"u8) ? Text(ref reader, ref status, "complete")
                : reader.ValueTextEquals("usage"u8)
                    ? (usage = JsonSerializer.Deserialize(ref reader, StoredJson.Default.StoredUsage)) is not null
                : reader.ValueTextEquals("cost"u8)
                    ? (cost = JsonSerializer.Deserialize(ref reader, StoredJson.Default.StoredCost)) is not null
                : reader.ValueTextEquals("provider_info"u8)
                    ? (providerInfo = JsonSerializer.Deserialize(ref reader, StoredJson.Default.StoredProviderInfo)) is not null
                : reader.ValueTextEquals("timing"u8)
                    ? (timing = JsonSerializer.Deserialize(ref reader, StoredJson.Default.StoredTiming)) is not null
                : reader.ValueTextEquals("stop_reason"u8) ? Text(ref reader, ref stopReason, "end_turn", "tool_use")
                : reader.ValueTextEquals("turn_id"u8) ? Text(ref reader, ref turnId, before?.TurnId)
                : reader.ValueTextEquals("steered_by"u8)
                    && (instructions = JsonSerializer.Deserialize(ref reader, StoredJson.Default.IReadOnlyListStoredInstructionSource))
                        is not null;
            if (!isRead)
            {
                return null;
            }
        }

        // Only the checksum follows the message.
        if (
            reader.TokenType != JsonTokenType.EndObject
            || json.Length - reader.BytesConsumed != JournalLine.CrcSuffixLength
            || id is null
            || codexId is null
            || role is null
            || status is null
            || parts is null
            || createdAt is not { } created
        )
        {
            return null;
        }

        return new StoredMessage
        {
            Id = id,
            CodexId = codexId,
            Role = role,
            ParentId = parentId,
            LazyParts = parts,
            CreatedAt = created,
            UpdatedAt = updatedAt ?? default,
            Status = status,
            Usage = usage,
            Cost = cost,
            ProviderInfo = providerInfo,
            Timing = timing,
            StopReason = stopReason,
            TurnId = turnId,
            Instructions = instructions,
        };
    }

    private static bool Text(ref Utf8JsonReader reader, ref string? text, string? likely = null, string? other = null)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.String)
        {
            return false;
        }

        text =
            likely is not null && reader.ValueTextEquals(likely) ? likely
            : other is not null && reader.ValueTextEquals(other) ? other
            : reader.GetString();
        return true;
    }

    private static bool Time(ref Utf8JsonReader reader, ref DateTime? time)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.String || !reader.TryGetDateTime(out var read))
        {
            return false;
        }

        time = read;
        return true;
    }
}
