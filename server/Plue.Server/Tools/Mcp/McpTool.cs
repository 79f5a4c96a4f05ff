using System.Text;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Mcp;

/// <summary>A tool of an MCP server. The server's annotations are not trusted: each call is evaluated as one that can do anything.</summary>
internal sealed class McpTool(McpServer server, McpToolInfo info, McpServices services) : ITool
{
    public string Name => info.FullName;

    public ToolDeclaration Declaration => info.Declaration;

    public bool IsReadOnly => false;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken) =>
        Task.FromResult<PlannedCall>(
            new McpCall(
                server.Declaration,
                info.Name,
                parameters,
                context,
                (same, progress, token) => CallAsync(same, context, progress, token)
            )
        );

    private async Task<ToolOutcome> CallAsync(
        JsonElement parameters,
        ToolContext context,
        IToolProgress progress,
        CancellationToken cancellationToken
    )
    {
        var connection = await server.ConnectedAsync(cancellationToken).ConfigureAwait(false);
        // The model knows only the earlier definition, so a changed tool with the same name is not called.
        if (server.Tools?.Tools.FirstOrDefault(tool => tool.Name == info.Name)?.Sha256 != info.Sha256)
        {
            throw new ToolFailureException($"The server {info.Server} no longer has this tool. Use only the tools you were given.");
        }

        var arguments = parameters
            .EnumerateObject()
            .GroupBy(field => field.Name, StringComparer.Ordinal)
            .ToDictionary(field => field.Key, object? (field) => field.Last().Value.Clone(), StringComparer.Ordinal);
        var result = await connection
            .WithTimeoutAsync(
                services.CallTimeout,
                $"answer {HiddenCharacters.Visible(info.Name)}",
                async (token, alive) =>
                {
                    try
                    {
                        return await connection
                            .Client.CallToolAsync(info.Name, arguments, new ProgressForwarder(progress, alive), options: null, token)
                            .ConfigureAwait(false);
                    }
                    catch (UrlElicitationRequiredException needed)
                    {
                        return await connection.AskFirstAsync(needed.Elicitations, token).ConfigureAwait(false);
                    }
                },
                cancellationToken,
                context
            )
            .ConfigureAwait(false);
        var content = new McpContent(info.Server, services.Mask).Add(result.Content ?? []);
        // Many servers return the same content as text.
        if (
            result.StructuredContent is { } structured
            && !(result.Content ?? []).OfType<TextContentBlock>().Any(block => IsSame(block.Text, structured))
        )
        {
            content.Line(structured.GetRawText());
        }

        foreach (var reason in connection.TakeDeclineReasons())
        {
            content.Line($"[A question of the server to the user was declined: {reason}]");
        }

        content.AddChanged(connection.TakeChangedResources());
        return result.IsError == true
            ? throw new ToolFailureException($"The server {info.Server} reported an error: {content.Text("it does not say why.")}")
            : content.Outcome("(nothing)");
    }

    private static bool IsSame(string text, JsonElement structured)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return JsonElement.DeepEquals(document.RootElement, structured);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private sealed class ProgressForwarder(IToolProgress progress, Action alive) : IProgress<ProgressNotificationValue>
    {
        private const int MaxReported = 200;
        private int reported;

        public void Report(ProgressNotificationValue value)
        {
            alive();
            if (Interlocked.Increment(ref reported) > MaxReported)
            {
                return;
            }

            var share = value.Total is > 0 and var total ? $"{Math.Clamp(value.Progress / total, 0, 1):P0}" : $"{value.Progress:0.##}";
            progress.Report(value.Message is { Length: > 0 } message ? $"{share} {McpToolInfo.Described(message)}\n" : $"{share}\n");
        }
    }
}

/// <summary>A call of an MCP tool with exactly this JSON.</summary>
internal sealed class McpCall(
    McpDeclaration server,
    string tool,
    JsonElement parameters,
    ToolContext context,
    Func<JsonElement, IToolProgress, CancellationToken, Task<ToolOutcome>> run
) : PlannedCall
{
    private const int MaxParametersLength = 1024 * 1024;

    public override IReadOnlyList<ToolAction> Actions => [new ToolAction.CallServer(server.Name, tool)];

    public override ApprovalKind Kind => ApprovalKind.ServerTool;

    public override string ActionText => $"{server.Name}{ToolNames.ServerSeparator}{tool}\n{parameters.GetRawText()}";

    public override string? Location => server.Address?.OriginalString;

    /// <summary>Null (unknown) for a local program, which can change any file; empty for a remote server.</summary>
    public override IReadOnlyList<string>? Changes => server.Address is null && context.Workspace is not null ? null : [];

    public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
    {
        if (Encoding.UTF8.GetByteCount(parameters.GetRawText()) > MaxParametersLength)
        {
            throw new ToolFailureException("The parameters are longer than 1 MiB. Send less.");
        }

        try
        {
            return await run(parameters, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (Messages.FailureException fault)
        {
            throw new ToolFailureException(fault.Message, fault);
        }
    }
}
