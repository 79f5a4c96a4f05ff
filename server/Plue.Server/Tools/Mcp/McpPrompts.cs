using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ModelContextProtocol.Protocol;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Mcp;

/// <param name="Command">The slash command of server and name, without the slash.</param>
internal sealed record McpPromptInfo(
    string Server,
    string Name,
    string Command,
    string Description,
    IReadOnlyList<McpPromptArgument> Arguments
);

internal sealed record McpPromptArgument(string Name, string Description, bool IsRequired);

/// <param name="Text">Null if required arguments are missing.</param>
/// <param name="Missing">The required arguments without a value.</param>
internal sealed record McpPromptText(string? Text, IReadOnlyList<McpPromptArgument> Missing);

/// <summary>
/// The prompts of servers, which users insert into a message with a slash command. Only running servers are queried, so that typing starts none. The text is
/// displayed before it is sent, with hidden characters visible.
/// </summary>
internal sealed partial class McpPrompts(McpServers servers, McpServices services)
{
    private const int MaxPrompts = 200;
    private const int MaxPages = 10;
    private const int MaxArguments = 30;
    private const int MaxTextLength = 100_000;
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Lists the prompts of all running servers. A server that does not return a list has none.</summary>
    public async Task<IReadOnlyList<McpPromptInfo>> ListAsync(CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(
                servers.All.Where(server => server.Offers.Prompts).Select(server => ListAsync(server, cancellationToken))
            )
            .ConfigureAwait(false);
        return [.. found.SelectMany(one => one).OrderBy(prompt => prompt.Command, StringComparer.Ordinal)];
    }

    /// <param name="given">The text after the command: <c>name=value</c> pairs, and values for the other arguments in their order.</param>
    /// <param name="arguments">Arguments by their names, which take precedence.</param>
    /// <exception cref="FailureException">NotFound, or the failure of the server.</exception>
    public async Task<McpPromptText> ReadAsync(
        string serverName,
        string name,
        string given,
        IReadOnlyDictionary<string, string> arguments,
        CancellationToken cancellationToken
    )
    {
        var server = servers.Find(serverName);
        var prompt =
            (await ListAsync(server, cancellationToken).ConfigureAwait(false)).FirstOrDefault(one => one.Name == name)
            ?? throw new FailureException(FailureKind.NotFound, $"The server {serverName} has no prompt {HiddenCharacters.Visible(name)}.");
        var values = ArgumentsIn(given, prompt.Arguments);
        foreach (var (key, value) in arguments)
        {
            values[key] = value;
        }

        List<McpPromptArgument> missing =
        [
            .. prompt.Arguments.Where(argument => argument.IsRequired && !values.ContainsKey(argument.Name)),
        ];
        if (missing.Count > 0)
        {
            return new McpPromptText(null, missing);
        }

        var connection = await server.ConnectedAsync(cancellationToken).ConfigureAwait(false);
        var result = await connection
            .WithTimeoutAsync(
                services.CallTimeout,
                $"return the prompt {HiddenCharacters.Visible(name)}",
                async (token, _) =>
                    await connection
                        .Client.GetPromptAsync(
                            name,
                            values.ToDictionary(pair => pair.Key, object? (pair) => pair.Value, StringComparer.Ordinal),
                            options: null,
                            token
                        )
                        .ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);
        var content = new McpContent(serverName, services.Mask);
        var isDialog = (result.Messages ?? []).Any(message => message.Role != Role.User);
        foreach (var message in result.Messages ?? [])
        {
            if (isDialog)
            {
                content.Line(message.Role == Role.User ? "[User]" : "[Assistant]");
            }
            content.Add(message.Content);
        }

        var text = content.Text("");
        return new McpPromptText(text.Length <= MaxTextLength ? text : text[..MaxTextLength], []);
    }

    /// <summary>
    /// Parses arguments: <c>name=value</c>, quoted if the value contains spaces. Other words fill the remaining arguments in order, and the last of these takes
    /// the rest.
    /// </summary>
    internal static Dictionary<string, string> ArgumentsIn(string given, IReadOnlyList<McpPromptArgument> arguments)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string> others = [];
        foreach (Match match in Words().Matches(given))
        {
            var name = match.Groups["name"];
            var value = match.Groups["quoted"] is { Success: true } quoted ? quoted.Value : match.Groups["plain"].Value;
            if (name.Success && arguments.Any(argument => argument.Name == name.Value))
            {
                values[name.Value] = value;
            }
            else
            {
                others.Add(name.Success ? $"{name.Value}={value}" : value);
            }
        }

        var open = arguments.Where(argument => !values.ContainsKey(argument.Name)).ToList();
        for (var at = 0; at < open.Count && at < others.Count; at++)
        {
            values[open[at].Name] = at == open.Count - 1 ? string.Join(' ', others.Skip(at)) : others[at];
        }

        return values;
    }

    private static async Task<IReadOnlyList<McpPromptInfo>> ListAsync(McpServer server, CancellationToken cancellationToken)
    {
        List<McpPromptInfo> prompts = [];
        try
        {
            var connection = await server.ConnectedAsync(cancellationToken).ConfigureAwait(false);
            await connection
                .WithTimeoutAsync(
                    ListTimeout,
                    "list its prompts",
                    async (token, _) =>
                    {
                        string? cursor = null;
                        for (var page = 0; page < MaxPages && prompts.Count < MaxPrompts; page++)
                        {
                            var request = new JsonRpcRequest
                            {
                                Method = RequestMethods.PromptsList,
                                Params = cursor is null ? new JsonObject() : new JsonObject { ["cursor"] = cursor },
                            };
                            var result =
                                (await connection.Client.SendRequestAsync(request, token).ConfigureAwait(false)).Result as JsonObject;
                            prompts.AddRange(
                                (result?["prompts"] as JsonArray ?? [])
                                    .OfType<JsonObject>()
                                    .Select(one => InfoOf(server, one))
                                    .OfType<McpPromptInfo>()
                            );
                            cursor = Text(result, "nextCursor");
                            if (cursor is null)
                            {
                                break;
                            }
                        }

                        return true;
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (FailureException)
        {
            // The list of servers shows the reason.
        }

        return [.. prompts.Take(MaxPrompts).DistinctBy(prompt => prompt.Command)];
    }

    private static McpPromptInfo? InfoOf(McpServer server, JsonObject prompt)
    {
        if (Text(prompt, "name") is not { Length: <= 200 } name)
        {
            return null;
        }

        return new McpPromptInfo(
            server.Declaration.Name,
            name,
            $"{server.Declaration.Name}.{NotInCommands().Replace(name, "-")}",
            McpToolInfo.Described(Text(prompt, "description") ?? Text(prompt, "title") ?? ""),
            [
                .. (prompt["arguments"] as JsonArray ?? [])
                    .OfType<JsonObject>()
                    .Where(argument => Text(argument, "name") is not null)
                    .Take(MaxArguments)
                    .Select(argument => new McpPromptArgument(
                        Text(argument, "name")!,
                        McpToolInfo.Described(Text(argument, "description") ?? ""),
                        argument["required"]?.GetValueKind() == JsonValueKind.True
                    )),
            ]
        );
    }

    private static string? Text(JsonObject? item, string name) =>
        item?[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    [GeneratedRegex("[^A-Za-z0-9_.-]+")]
    private static partial Regex NotInCommands();

    [GeneratedRegex("""(?:(?<name>[\w-]+)=)?(?:"(?<quoted>[^"]*)"|(?<plain>\S+))""")]
    private static partial Regex Words();
}
