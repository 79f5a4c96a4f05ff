using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Mcp;

/// <summary>Additional tools for the resources and prompts of a server. The server's own tools take precedence over these names.</summary>
internal sealed class McpReadTool : ITool
{
    private const int MaxListed = 500;
    private const int MaxPages = 20;
    private const string Arguments = "arguments";

    private readonly McpServer server;
    private readonly McpServices services;
    private readonly Func<McpConnection, JsonElement, CancellationToken, Task<ToolOutcome>> read;
    private readonly string tool;
    private readonly string[] known;

    private McpReadTool(
        McpServer server,
        McpServices services,
        string tool,
        string description,
        string schema,
        string[] known,
        Func<McpReadTool, McpConnection, JsonElement, CancellationToken, Task<ToolOutcome>> read
    )
    {
        (this.server, this.services, this.tool, this.known) = (server, services, tool, known);
        this.read = (connection, parameters, cancellationToken) => read(this, connection, parameters, cancellationToken);
        Declaration = new ToolDeclaration(McpToolInfo.DeclaredName(server.Declaration.Name, tool), description, schema);
    }

    public static IReadOnlyList<McpReadTool> All(McpServer server, McpServices services)
    {
        var (resources, prompts, completions) = server.Offers;
        var name = server.Declaration.Name;
        List<McpReadTool> tools = [];
        if (resources)
        {
            tools.Add(
                new(
                    server,
                    services,
                    "list_resources",
                    $"Lists the resources that the server {name} offers, with their addresses.",
                    """{"type":"object","properties":{},"additionalProperties":false}""",
                    [],
                    (self, connection, _, cancellationToken) =>
                        self.ListAsync(
                            connection,
                            cancellationToken,
                            (RequestMethods.ResourcesList, "resources", "uri"),
                            (RequestMethods.ResourcesTemplatesList, "resourceTemplates", "uriTemplate")
                        )
                )
            );
            tools.Add(
                new(
                    server,
                    services,
                    "read_resource",
                    $"Reads a resource of the server {name}.",
                    """{"type":"object","properties":{"uri":{"type":"string"}},"required":["uri"],"additionalProperties":false}""",
                    ["uri"],
                    (self, connection, parameters, cancellationToken) =>
                        self.ReadAsync(connection, Required(parameters, "uri"), cancellationToken)
                )
            );
        }

        if (completions && (prompts || resources))
        {
            tools.Add(
                new(
                    server,
                    services,
                    "complete_argument",
                    $"Lists values for an argument of a prompt, or of an address pattern of a resource, of the server {name}. Give prompt or resource, and the beginning of the value.",
                    """{"type":"object","properties":{"prompt":{"type":"string"},"resource":{"type":"string"},"argument":{"type":"string"},"value":{"type":"string"},"arguments":{"type":"object","additionalProperties":{"type":"string"}}},"required":["argument"],"additionalProperties":false}""",
                    ["prompt", "resource", "argument", "value", Arguments],
                    (self, connection, parameters, cancellationToken) => self.CompleteAsync(connection, parameters, cancellationToken)
                )
            );
        }

        if (prompts)
        {
            tools.Add(
                new(
                    server,
                    services,
                    "list_prompts",
                    $"Lists the prompts that the server {name} offers, with their arguments.",
                    """{"type":"object","properties":{},"additionalProperties":false}""",
                    [],
                    (self, connection, _, cancellationToken) =>
                        self.ListAsync(connection, cancellationToken, (RequestMethods.PromptsList, "prompts", "name"))
                )
            );
            tools.Add(
                new(
                    server,
                    services,
                    "get_prompt",
                    $"Reads a prompt of the server {name}.",
                    """{"type":"object","properties":{"name":{"type":"string"},"arguments":{"type":"object","additionalProperties":{"type":"string"}}},"required":["name"],"additionalProperties":false}""",
                    ["name", "arguments"],
                    (self, connection, parameters, cancellationToken) => self.PromptAsync(connection, parameters, cancellationToken)
                )
            );
        }

        return tools;
    }

    public string Name => $"{server.Declaration.Name}{ToolNames.ServerSeparator}{tool}";

    public ToolDeclaration Declaration { get; }

    /// <summary>False, because a server can do anything.</summary>
    public bool IsReadOnly => false;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, known);
        foreach (var name in known.Where(name => name != Arguments))
        {
            if (name is "prompt" or "resource" or "value")
            {
                given.OptionalText(name);
            }
            else
            {
                given.Text(name);
            }
        }

        if (known.Contains(Arguments))
        {
            given.OptionalObject(Arguments);
        }
        return Task.FromResult<PlannedCall>(
            new McpCall(
                server.Declaration,
                tool,
                parameters,
                context,
                async (same, _, token) =>
                    await read(await server.ConnectedAsync(token).ConfigureAwait(false), same, token).ConfigureAwait(false)
            )
        );
    }

    private async Task<ToolOutcome> ListAsync(
        McpConnection connection,
        CancellationToken cancellationToken,
        params (string Method, string Field, string Key)[] lists
    )
    {
        var content = new McpContent(server.Declaration.Name, services.Mask);
        foreach (var (method, field, key) in lists)
        {
            await connection
                .WithTimeoutAsync(
                    services.CallTimeout,
                    "list them",
                    async (token, _) =>
                    {
                        string? cursor = null;
                        var listed = 0;
                        for (var page = 0; page < MaxPages; page++)
                        {
                            var request = new JsonRpcRequest
                            {
                                Method = method,
                                Params = cursor is null ? new JsonObject() : new JsonObject { ["cursor"] = cursor },
                            };
                            var result =
                                (await connection.Client.SendRequestAsync(request, token).ConfigureAwait(false)).Result as JsonObject;
                            foreach (var item in (result?[field] as JsonArray ?? []).OfType<JsonObject>())
                            {
                                if (++listed > MaxListed)
                                {
                                    content.Line($"[More than {MaxListed}; the rest are omitted]");
                                    return true;
                                }

                                content.Line(Line(item, key));
                            }

                            cursor =
                                result?["nextCursor"] is JsonValue next && next.TryGetValue<string>(out var text) && text.Length > 0
                                    ? text
                                    : null;
                            if (cursor is null)
                            {
                                return true;
                            }
                        }

                        content.Line("[The rest are omitted]");
                        return true;
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }

        return content.Outcome("(none)");
    }

    private async Task<ToolOutcome> ReadAsync(McpConnection connection, string uri, CancellationToken cancellationToken)
    {
        // Subscribed before reading, so that no change is missed.
        await connection.WatchAsync(uri, cancellationToken).ConfigureAwait(false);
        var result = await connection
            .WithTimeoutAsync(
                services.CallTimeout,
                "read it",
                async (token, _) => await connection.Client.ReadResourceAsync(uri, options: null, token).ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);
        var content = new McpContent(server.Declaration.Name, services.Mask);
        foreach (var one in result.Contents ?? [])
        {
            content.Add(one);
        }

        return content.Outcome("(empty)");
    }

    private async Task<ToolOutcome> CompleteAsync(McpConnection connection, JsonElement parameters, CancellationToken cancellationToken)
    {
        Reference asked = (Optional(parameters, "prompt"), Optional(parameters, "resource")) switch
        {
            ({ } prompt, null) => new PromptReference { Name = prompt },
            (null, { } resource) => new ResourceTemplateReference { Uri = resource },
            _ => throw new ToolFailureException("Give either prompt or resource."),
        };
        var others =
            parameters.TryGetProperty(Arguments, out var given) && given.ValueKind == JsonValueKind.Object
                ? given
                    .EnumerateObject()
                    .Where(field => field.Value.ValueKind == JsonValueKind.String)
                    .GroupBy(field => field.Name, StringComparer.Ordinal)
                    .ToDictionary(field => field.Key, field => field.Last().Value.GetString()!, StringComparer.Ordinal)
                : [];
        var request = new CompleteRequestParams
        {
            Ref = asked,
            Argument = new Argument { Name = Required(parameters, "argument"), Value = Optional(parameters, "value") ?? "" },
            Context = others.Count == 0 ? null : new CompleteContext { Arguments = others },
        };
        var result = await connection
            .WithTimeoutAsync(
                services.CallTimeout,
                "complete it",
                async (token, _) => await connection.Client.CompleteAsync(request, token).ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);
        var content = new McpContent(server.Declaration.Name, services.Mask);
        foreach (var value in (result.Completion?.Values ?? []).Take(MaxListed))
        {
            content.Line(McpToolInfo.Described(value));
        }
        if (result.Completion?.HasMore == true)
        {
            content.Line("[There are more]");
        }

        return content.Outcome("(none)");
    }

    private async Task<ToolOutcome> PromptAsync(McpConnection connection, JsonElement parameters, CancellationToken cancellationToken)
    {
        var name = Required(parameters, "name");
        var arguments =
            parameters.TryGetProperty("arguments", out var given) && given.ValueKind == JsonValueKind.Object
                ? given
                    .EnumerateObject()
                    .GroupBy(field => field.Name, StringComparer.Ordinal)
                    .ToDictionary(field => field.Key, object? (field) => field.Last().Value.Clone(), StringComparer.Ordinal)
                : [];
        var result = await connection
            .WithTimeoutAsync(
                services.CallTimeout,
                "give it",
                async (token, _) => await connection.Client.GetPromptAsync(name, arguments, options: null, token).ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);
        var content = new McpContent(server.Declaration.Name, services.Mask);
        foreach (var message in result.Messages ?? [])
        {
            content.Line(message.Role == Role.User ? "[User]" : "[Assistant]");
            content.Add(message.Content);
        }

        return content.Outcome("(empty)");
    }

    private static string Line(JsonObject item, string key)
    {
        var about = string.Join(
            ", ",
            new[]
            {
                Text(item, "title") ?? (key == "name" ? null : Text(item, "name")),
                Text(item, "description"),
                Text(item, "mimeType"),
            }.OfType<string>()
        );
        var arguments = (item["arguments"] as JsonArray ?? [])
            .OfType<JsonObject>()
            .Select(argument =>
                $"{Text(argument, "name")}{(argument["required"]?.GetValueKind() == JsonValueKind.True ? " (required)" : "")}"
            )
            .ToList();
        return McpToolInfo.Described(
            $"{Text(item, key)}{(about.Length > 0 ? $": {about}" : "")}{(arguments.Count > 0 ? $" [{string.Join(", ", arguments)}]" : "")}"
        );
    }

    private static string? Text(JsonObject item, string name) =>
        item[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    private static string? Optional(JsonElement parameters, string name) =>
        parameters.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Required(JsonElement parameters, string name) =>
        parameters.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
        && value.GetString() is { Length: > 0 } text
            ? text
            : throw new ToolFailureException($"The parameter {name} is missing. Set it to a string.");
}
