using System.Text;
using System.Text.Json.Nodes;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Tools;

namespace Plue.Server.Mcp;

/// <summary>The tools that list, read and search chats. File contents, tool results and reasoning are not returned.</summary>
internal sealed class ServedChats(Conversations conversations, ChatSearch search, OutgoingContent outgoing)
{
    private const int MaxQuery = 1_000;
    private const int MaxMatches = 1_000;

    /// <summary>Limits concurrent searches, each of which uses two threads.</summary>
    private readonly SemaphoreSlim searching = new(2, 2);

    public IReadOnlyList<ServedTool> Tools =>
        [
            new(
                "list_chats",
                "List Chats",
                "Lists the user's chats in Plue, most recently used first.",
                $$$"""{"type":"object","properties":{"archived":{"type":"boolean","description":"Include archived chats."},{{{ServedPage.Properties}}}},"additionalProperties":false}""",
                (given, _) => Task.FromResult(ServedPage.Of("chats", List(given.Flag("archived")), given, Row))
            ),
            new(
                "read_chat",
                "Read Chat",
                "Returns the messages of a chat or task in Plue: text, names of attached files, and names of tool calls.",
                $$$"""{"type":"object","properties":{"uri":{"type":"string","description":"Such as codex://chats/chat_…"},{{{ServedPage.Properties}}}},"required":["uri"],"additionalProperties":false}""",
                (given, _) => Task.FromResult(Read(given))
            ),
            new(
                "search_chats",
                "Search Chats",
                "Finds messages in all chats and tasks of Plue that contain every word, newest chats first. A phrase goes in double quotes.",
                $$$"""{"type":"object","properties":{"text":{"type":"string"},"from":{"type":"string","format":"date","description":"The first day, as 2026-11-21."},"to":{"type":"string","format":"date","description":"The last day."},"archived":{"type":"boolean","description":"Search archived chats too."},{{{ServedPage.Properties}}}},"required":["text"],"additionalProperties":false}""",
                SearchAsync
            ),
        ];

    /// <summary>Gets chats with messages, most recently used first.</summary>
    public IEnumerable<ChatSummary> List(bool includeArchived) => conversations.List(includeArchived).Where(chat => chat.MessageCount > 0);

    /// <summary>Returns the start of a chat or task as Markdown.</summary>
    /// <exception cref="FailureException">NotFound.</exception>
    public string Markdown(CodexUri uri)
    {
        var chat = conversations.Read(uri.ToString());
        var text = new StringBuilder().Append("# ").Append(outgoing.Clean(chat.Title)).Append('\n');
        foreach (var message in Shown(chat))
        {
            text.Append(message.Role == MessageRole.User ? "\n## User\n\n" : "\n## Assistant\n\n");
            text.Append(outgoing.Clean(message.Text)).Append('\n');
            if (text.Length > ServedText.MaxCharacters)
            {
                return $"{ServedText.Part(text.ToString(), 0, ServedText.MaxCharacters)}\n\n[Truncated. The read_chat tool returns the rest.]\n";
            }
        }

        return text.ToString();
    }

    /// <summary>The address of a chat or task in a parameter.</summary>
    /// <exception cref="ToolFailureException">It is not such an address.</exception>
    internal static CodexUri AddressOf(ToolParameters given, params ReadOnlySpan<CodexCollection> collections) =>
        CodexUri.TryParse(given.Text("uri"), out var uri) && collections.Contains(uri.Collection)
            ? uri
            : throw new ToolFailureException(
                $"`uri` must be an address in codex://{string.Join("/ or codex://", collections.ToArray().Select(one => one.ToString().ToLowerInvariant()))}/."
            );

    private JsonObject Read(ToolParameters given)
    {
        var uri = AddressOf(given, CodexCollection.Chats, CodexCollection.Tasks);
        var (index, offset) = ServedText.Position(given.OptionalText("cursor"));
        var limit = given.OptionalNumber("limit", 1, ServedPage.MaxRows) ?? ServedPage.DefaultRows;
        var chat = conversations.Read(uri.ToString());
        var messages = Shown(chat).ToList();
        var rows = new JsonArray();
        var left = ServedText.MaxCharacters;
        while (index < messages.Count && rows.Count < limit && left > 0)
        {
            // Masked before it is cut, so that no partial secret remains at an edge.
            var text = outgoing.Clean(messages[index].Text);
            var part = ServedText.Part(text, offset, left);
            rows.Add((JsonNode)Row(messages[index], part));
            left -= part.Length;
            offset += part.Length;
            if (offset >= text.Length)
            {
                (index, offset) = (index + 1, 0);
            }
            else
            {
                break;
            }
        }

        var page = new JsonObject
        {
            ["uri"] = uri.ToString(),
            ["title"] = chat.Title,
            ["messages"] = rows,
        };
        if (index < messages.Count)
        {
            page["next_cursor"] = ServedText.Cursor(index, offset);
        }

        return page;
    }

    private async Task<JsonObject> SearchAsync(ToolParameters given, CancellationToken cancellationToken)
    {
        var text = given.Text("text");
        if (string.IsNullOrWhiteSpace(text) || text.Length > MaxQuery)
        {
            throw new ToolFailureException($"`text` must have 1 to {MaxQuery} characters.");
        }

        var limit = given.OptionalNumber("limit", 1, ServedPage.MaxRows) ?? ServedPage.DefaultRows;
        var wanted = ServedPage.Position(given.OptionalText("cursor")) + (long)limit + 1;
        if (wanted > MaxMatches)
        {
            throw new ToolFailureException($"The search returns at most {MaxMatches} matches. Search for more words.");
        }

        var query = new SearchQuery(text)
        {
            From = Day(given, "from", 0),
            To = Day(given, "to", 1),
            IncludeArchived = given.Flag("archived"),
            Limit = (int)wanted,
        };
        List<SearchMatch> matches = [];
        await searching.WaitAsync(cancellationToken);
        try
        {
            await search.RunAsync(query, matches.AddRange, cancellationToken);
        }
        finally
        {
            searching.Release();
        }

        return ServedPage.Of("matches", matches, given, Row);
    }

    private static DateTimeOffset? Day(ToolParameters given, string name, int daysLater) =>
        given.OptionalText(name) is not { } day
            ? null
            : Platform.Day.Midnight(day, DateTimeKind.Local, daysLater)
                ?? throw new ToolFailureException($"`{name}` must be a day such as 2026-11-21.");

    private static IEnumerable<Message> Shown(StoredChat chat) => chat.Messages.Where(message => !message.IsHidden);

    private static JsonObject Row(ChatSummary chat) =>
        new()
        {
            ["uri"] = CodexUri.OfChannel(chat.Id).ToString(),
            ["title"] = chat.Title,
            ["created_at"] = chat.CreatedAt,
            ["updated_at"] = chat.UpdatedAt,
            ["message_count"] = chat.MessageCount,
            ["model"] = chat.Model,
            ["cost_usd"] = chat.TotalCost,
            ["archived"] = chat.Archived,
        };

    private static JsonObject Row(Message message, string text) =>
        new()
        {
            ["id"] = message.Id,
            ["role"] = message.Role == MessageRole.User ? "user" : "assistant",
            ["created_at"] = message.CreatedAt,
            ["model"] = message.ProviderInfo?.ModelId,
            ["text"] = text,
            ["files"] = new JsonArray([.. message.Parts.OfType<MessagePart.File>().Select(file => (JsonNode)file.Path)]),
            ["tool_calls"] = new JsonArray([.. message.Parts.OfType<MessagePart.ToolUse>().Select(call => (JsonNode)call.ToolName)]),
            ["error"] = message.Error?.Message,
        };

    private static JsonObject Row(SearchMatch match) =>
        new()
        {
            ["uri"] = CodexUri.OfChannel(match.Chat.Id).ToString(),
            ["title"] = match.Chat.Title,
            ["message_id"] = match.MessageId.Length == 0 ? null : match.MessageId,
            ["role"] = match.Role == MessageRole.User ? "user" : "assistant",
            ["created_at"] = match.CreatedAt,
            ["snippet"] = match.Snippet.Text,
        };
}
