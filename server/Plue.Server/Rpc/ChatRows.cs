using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>Chats as rows that <c>codex/list</c> filters and sorts by the field names of records.</summary>
internal static class ChatRows
{
    private static readonly Dictionary<string, Func<ChatSummary, Json5Node?>> Fields = new(StringComparer.Ordinal)
    {
        ["id"] = chat => new Json5String(chat.Id),
        ["template"] = chat => new Json5String(chat.TemplateId),
        ["title"] = chat => new Json5String(chat.Title),
        ["status"] = chat => new Json5String(chat.TaskStatus ?? ToProtocol.Name(chat.Status)),
        ["provider_ref"] = chat => chat.ProviderId is { } id ? new Json5String($"codex://providers/{id}") : null,
        ["model"] = chat => Text(chat.Model),
        ["temperature"] = chat => Number(chat.Options.Temperature),
        ["max_tokens"] = chat => Number(chat.Options.MaxTokens),
        ["stop_sequences"] = chat => chat.Options.StopSequences is { } stops ? Json5Array.Of(stops) : null,
        ["reasoning_level"] = chat => Text(chat.Options.ReasoningLevel),
        [CodexQuery.TagsField] = chat => Json5Array.Of(chat.Tags),
        ["pinned"] = chat => new Json5Boolean(chat.Pinned),
        ["archived"] = chat => new Json5Boolean(chat.Archived),
        ["unread"] = chat => new Json5Boolean(chat.Unread),
        ["created_at"] = chat => Time(chat.CreatedAt),
        ["updated_at"] = chat => Time(chat.UpdatedAt),
        ["message_count"] = chat => Number(chat.MessageCount),
        ["spawned_by"] = chat => Text(chat.SpawnedBy),
        ["cost"] = chat => Number((double?)chat.TotalCost),
    };

    /// <exception cref="FailureException">MissingField: chats have no such field, or the filter is incomplete.</exception>
    public static (IReadOnlyList<ChatSummary> Page, int Total) Query(IEnumerable<ChatSummary> chats, CodexQuery query)
    {
        var unknown = query
            .Conditions.Select(condition => condition.Field)
            .Append(query.SortBy)
            .FirstOrDefault(name => name is { Length: > 0 } && !Fields.ContainsKey(name));
        return unknown is null
            ? query.Apply(chats, (chat, field) => Fields[field](chat))
            : throw new FailureException(
                FailureKind.MissingField,
                $"Chats cannot be filtered or sorted by `{unknown}`.{NearestName.Hint(unknown, Fields.Keys)}"
            );
    }

    /// <summary>Returns the query of a call for any collection.</summary>
    public static CodexQuery QueryOf(CodexListParams parameters) =>
        new()
        {
            Conditions =
            [
                .. (parameters.Filter ?? []).Select(filter => new CodexCondition(
                    filter.Field,
                    FieldViews.ToJson5(filter.EqualTo),
                    FieldViews.ToJson5(filter.Contains),
                    filter.Exists
                )),
            ],
            Tags = parameters.Tags ?? [],
            SortBy = parameters.SortBy,
            Descending = parameters.Descending ?? false,
            Offset = parameters.Offset ?? 0,
            Limit = parameters.Limit,
        };

    private static Json5String? Text(string? value) => value is null ? null : new Json5String(value);

    private static Json5Number? Number(double? value) => value is { } number ? new Json5Number(number) : null;

    /// <summary>Formats a time in UTC, so that the texts sort by time.</summary>
    private static Json5String Time(DateTimeOffset time) =>
        new(time.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
}
