using System.Buffers;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>One response in the ledger: its cost, without its content.</summary>
public sealed record UsageEntry
{
    /// <summary>The chat ID and template ID of code completions, which belong to no chat.</summary>
    public const string Completions = "completions";

    /// <summary>The chat ID and template ID of VS Code's chat with a model of Plue.</summary>
    public const string EditorChats = "vscode-chat";

    /// <summary>The chat ID and template ID of reviews of changes.</summary>
    public const string Reviews = "reviews";

    /// <summary>The end time of the response.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The id of the message, so that a rebuilt ledger contains each response once.</summary>
    public required string Id { get; init; }
    public required string ChatId { get; init; }
    public required string Template { get; init; }
    public required string ProviderId { get; init; }

    /// <summary>The name of the provider at that time.</summary>
    public required string ProviderName { get; init; }
    public required string Model { get; init; }

    /// <summary>Null if the vendor reported nothing.</summary>
    public Usage? Usage { get; init; }

    /// <summary>The cost in USD; null if the price is unknown.</summary>
    public decimal? Cost { get; init; }
    public string? PriceSource { get; init; }
    public double? FirstTokenMs { get; init; }
    public double? DurationMs { get; init; }
    public required string Status { get; init; }

    /// <summary>The number of responses; several small ones may be one line.</summary>
    public int Count { get; init; } = 1;

    public bool IsCompletion => ChatId == Completions;

    /// <summary>False for requests of the editor itself and of reviews.</summary>
    public bool HasChat => ChatId is not (Completions or EditorChats or Reviews);

    /// <summary>Adds a response of the same kind: of the same model, with or without a price like this one.</summary>
    /// <returns>Null if it is of another kind.</returns>
    internal UsageEntry? Plus(UsageEntry other) =>
        (ChatId, Template, ProviderId, Model, PriceSource, Status, Cost is null)
        != (other.ChatId, other.Template, other.ProviderId, other.Model, other.PriceSource, other.Status, other.Cost is null)
            ? null
            : this with
            {
                Time = other.Time,
                Usage = Usage is null || other.Usage is null ? Usage ?? other.Usage : UsageLedger.Sum(Usage, other.Usage),
                Cost = Cost + other.Cost,
                FirstTokenMs = null,
                DurationMs = DurationMs + other.DurationMs,
                Count = Count + other.Count,
            };

    /// <returns>Null if the message is no response or summary, if it is empty, or if another chat paid for it.</returns>
    public static UsageEntry? Of(Message message, string chatId, string template, Func<string, string> providerName)
    {
        if (message.IsCopy || message.Status is MessageStatus.Streaming || message is { Status: MessageStatus.Interrupted, Usage: null })
        {
            return null;
        }
        if (message.Role != MessageRole.Assistant && message.Compaction is null)
        {
            return null;
        }
        if (message.Usage is null && message.Cost is not { TotalCost: > 0 } && message.Parts.Count == 0)
        {
            return null;
        }

        var provider = message.ProviderInfo?.ProviderId ?? "";
        return new UsageEntry
        {
            Time = message.UpdatedAt,
            Id = message.Id,
            ChatId = chatId,
            Template = template,
            ProviderId = provider,
            ProviderName = providerName(provider),
            Model = message.ProviderInfo?.ModelId ?? "",
            Usage = message.Usage,
            Cost = message.Cost?.TotalCost,
            PriceSource = message.Cost?.PriceSource,
            FirstTokenMs = message.Timing?.FirstToken?.TotalMilliseconds,
            DurationMs = message.Timing?.Duration.TotalMilliseconds,
            Status = EnumNames<MessageStatus>.Of(message.Status),
        };
    }

    /// <summary>A JSON object of one line, the line feed included.</summary>
    internal void WriteTo(ArrayBufferWriter<byte> output)
    {
        using (var json = new Utf8JsonWriter(output, PlainJson.Writing))
        {
            json.WriteStartObject();
            json.WriteString("time"u8, Time.UtcDateTime);
            json.WriteString("id"u8, Id);
            json.WriteString("chat"u8, ChatId);
            json.WriteString("template"u8, Template);
            json.WriteString("provider"u8, ProviderId);
            json.WriteString("provider_name"u8, ProviderName);
            json.WriteString("model"u8, Model);
            if (Usage is { } usage)
            {
                json.WriteNumber("input"u8, usage.InputTokens);
                json.WriteNumber("output"u8, usage.OutputTokens);
                json.WriteNumber("cached_read"u8, usage.CachedReadTokens);
                json.WriteNumber("cached_write"u8, usage.CachedWriteTokens);
                json.WriteNumber("reasoning"u8, usage.ReasoningTokens);
            }

            if (Cost is { } cost)
            {
                json.WriteNumber("cost"u8, cost);
            }
            if (PriceSource is not null)
            {
                json.WriteString("price_source"u8, PriceSource);
            }
            if (FirstTokenMs is { } first)
            {
                json.WriteNumber("first_token_ms"u8, Math.Round(first, 1));
            }
            if (DurationMs is { } duration)
            {
                json.WriteNumber("duration_ms"u8, Math.Round(duration, 1));
            }
            json.WriteString("status"u8, Status);
            if (Count > 1)
            {
                json.WriteNumber("count"u8, Count);
            }
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    /// <summary>Reads one line. Members that this version does not know are skipped.</summary>
    /// <param name="texts">Shares equal names.</param>
    internal static UsageEntry? TryParse(ReadOnlySpan<byte> line, UsageTexts texts)
    {
        var json = new Utf8JsonReader(line);
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            DateTimeOffset? time = null;
            string? id = null,
                chat = null,
                template = null,
                provider = null,
                providerName = null,
                model = null,
                priceSource = null,
                status = null;
            long input = 0,
                output = 0,
                cachedRead = 0,
                cachedWrite = 0,
                reasoning = 0;
            var count = 1;
            bool hasUsage = false;
            decimal? cost = null;
            double? first = null,
                duration = null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (Is(ref json, "time"u8))
                {
                    time = json.GetDateTimeOffset();
                }
                else if (Is(ref json, "id"u8))
                {
                    id = json.GetString();
                }
                else if (Is(ref json, "chat"u8))
                {
                    chat = texts.Get(ref json);
                }
                else if (Is(ref json, "template"u8))
                {
                    template = texts.Get(ref json);
                }
                else if (Is(ref json, "provider"u8))
                {
                    provider = texts.Get(ref json);
                }
                else if (Is(ref json, "provider_name"u8))
                {
                    providerName = texts.Get(ref json);
                }
                else if (Is(ref json, "model"u8))
                {
                    model = texts.Get(ref json);
                }
                else if (Is(ref json, "input"u8))
                {
                    (input, hasUsage) = (json.GetInt64(), true);
                }
                else if (Is(ref json, "output"u8))
                {
                    output = json.GetInt64();
                }
                else if (Is(ref json, "cached_read"u8))
                {
                    cachedRead = json.GetInt64();
                }
                else if (Is(ref json, "cached_write"u8))
                {
                    cachedWrite = json.GetInt64();
                }
                else if (Is(ref json, "reasoning"u8))
                {
                    reasoning = json.GetInt64();
                }
                else if (Is(ref json, "cost"u8))
                {
                    cost = json.GetDecimal();
                }
                else if (Is(ref json, "price_source"u8))
                {
                    priceSource = texts.Get(ref json);
                }
                else if (Is(ref json, "first_token_ms"u8))
                {
                    first = json.GetDouble();
                }
                else if (Is(ref json, "duration_ms"u8))
                {
                    duration = json.GetDouble();
                }
                else if (Is(ref json, "status"u8))
                {
                    status = texts.Get(ref json);
                }
                else if (Is(ref json, "count"u8))
                {
                    count = json.GetInt32();
                }
                else
                {
                    json.Read();
                    json.Skip();
                }
            }

            if (json.TokenType != JsonTokenType.EndObject || json.Read() || time is null || id is null || chat is null)
            {
                return null;
            }

            return new UsageEntry
            {
                Time = time.Value,
                Id = id,
                ChatId = chat,
                Template = template ?? "",
                ProviderId = provider ?? "",
                ProviderName = providerName ?? provider ?? "",
                Model = model ?? "",
                Usage = hasUsage
                    ? new Usage
                    {
                        InputTokens = input,
                        OutputTokens = output,
                        CachedReadTokens = cachedRead,
                        CachedWriteTokens = cachedWrite,
                        ReasoningTokens = reasoning,
                    }
                    : null,
                Cost = cost,
                PriceSource = priceSource,
                FirstTokenMs = first,
                DurationMs = duration,
                Status = status ?? "",
                Count = Math.Max(1, count),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>True if this is the member; its value is then read.</summary>
    private static bool Is(ref Utf8JsonReader json, ReadOnlySpan<byte> name) => json.ValueSpan.SequenceEqual(name) && json.Read();
}

/// <summary>Returns one instance for equal texts of a ledger.</summary>
internal sealed class UsageTexts
{
    private const int MaxInternedLength = 256;

    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    public string? Get(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.String || json.ValueSpan.Length > MaxInternedLength)
        {
            return json.GetString();
        }

        Span<char> characters = stackalloc char[MaxInternedLength];
        var text = characters[..json.CopyString(characters)];
        var lookup = known.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(text, out var same))
        {
            return same;
        }

        var made = text.ToString();
        known.Add(made);
        return made;
    }
}
