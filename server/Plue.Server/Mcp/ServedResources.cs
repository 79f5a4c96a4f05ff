using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Tools;

namespace Plue.Server.Mcp;

/// <summary>Items and chats as MCP resources, with their Plue addresses.</summary>
internal sealed class ServedResources(ServedTools tools)
{
    private const int PageSize = 50;
    private const string Markdown = "text/markdown";

    public static ListResourceTemplatesResult Templates { get; } =
        new()
        {
            ResourceTemplates =
            [
                new ResourceTemplate
                {
                    Name = "chat",
                    Title = "Chat",
                    UriTemplate = "codex://chats/{id}",
                    Description = "The messages of a chat. Long chats are truncated.",
                    MimeType = Markdown,
                },
                new ResourceTemplate
                {
                    Name = "task",
                    Title = "Task",
                    UriTemplate = "codex://tasks/{id}",
                    Description = "The messages of a task. Long tasks are truncated.",
                    MimeType = Markdown,
                },
                new ResourceTemplate
                {
                    Name = "item",
                    Title = "Item",
                    UriTemplate = "codex://items/{name}",
                    Description = "The text of an item.",
                    MimeType = "text/plain",
                },
            ],
        };

    public ListResourcesResult List(string? cursor)
    {
        int from;
        try
        {
            from = ServedPage.Position(cursor);
        }
        catch (ToolFailureException fault)
        {
            throw new McpProtocolException(fault.Message, fault, McpErrorCode.InvalidParams);
        }

        var found = All().Skip(from).Take(PageSize + 1).ToList();
        return new ListResourcesResult
        {
            Resources = [.. found.Take(PageSize)],
            NextCursor = found.Count > PageSize ? ServedPage.Cursor(from + PageSize) : null,
        };
    }

    /// <exception cref="McpProtocolException">It does not exist, or the policy denies it.</exception>
    public ReadResourceResult Read(string address)
    {
        if (
            !CodexUri.TryParse(address, out var uri)
            || uri.Collection is not (CodexCollection.Chats or CodexCollection.Tasks or CodexCollection.Items)
        )
        {
            throw new McpProtocolException(
                "Plue has resources in codex://chats/, codex://tasks/ and codex://items/.",
                McpErrorCode.ResourceNotFound
            );
        }

        var isItem = uri.Collection == CodexCollection.Items;
        if (tools.RefusalOf(isItem ? "read_item" : "read_chat") is { } refusal)
        {
            throw new McpProtocolException(refusal, McpErrorCode.InvalidRequest);
        }

        try
        {
            return new ReadResourceResult
            {
                Contents =
                [
                    new TextResourceContents
                    {
                        Uri = address,
                        MimeType = isItem ? "text/plain" : Markdown,
                        Text = isItem ? tools.Items.Text(uri) : tools.Chats.Markdown(uri),
                    },
                ],
            };
        }
        catch (FailureException fault)
        {
            throw new McpProtocolException(
                tools.Clean(fault.Message),
                fault,
                fault.Failure.Kind == FailureKind.NotFound ? McpErrorCode.ResourceNotFound : McpErrorCode.InternalError
            );
        }
    }

    private IEnumerable<Resource> All()
    {
        if (tools.RefusalOf("list_items") is null)
        {
            foreach (var item in tools.Items.List())
            {
                yield return new Resource
                {
                    Uri = item.Uri!.ToString(),
                    Name = tools.Clean(item.Title),
                    Description = item.Description is { } description ? tools.Clean(description) : null,
                    MimeType = "text/plain",
                };
            }
        }

        if (tools.RefusalOf("list_chats") is null)
        {
            foreach (var chat in tools.Chats.List(includeArchived: false))
            {
                yield return new Resource
                {
                    Uri = CodexUri.OfChannel(chat.Id).ToString(),
                    Name = tools.Clean(chat.Title),
                    MimeType = Markdown,
                    Annotations = new Annotations { LastModified = chat.UpdatedAt },
                };
            }
        }
    }
}
