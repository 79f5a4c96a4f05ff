using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Plue.Server.Agents;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Tools;

namespace Plue.Server.Mcp;

/// <summary>All tools that Plue offers to other programs. The organization policy can deny each by name.</summary>
internal sealed class ServedTools
{
    private static readonly JsonElement NoArguments = JsonElement.Parse("{}");

    private readonly PluePaths paths;
    private readonly OutgoingContent outgoing;
    private readonly ServedTasks tasks;
    private readonly ServedUsage usage;
    private readonly ILogger logger;

    /// <param name="start">Null if tasks cannot be started.</param>
    public ServedTools(Services services, Conversations conversations, AgentTasks agentTasks, TaskStart? start)
    {
        var platform = services.Platform;
        paths = platform.Paths;
        logger = platform.CreateLogger("Mcp");
        outgoing = new OutgoingContent(platform.Redactor);
        Chats = new ServedChats(conversations, services.Store.Search, outgoing);
        Items = new ServedItems(services.Codices.Documents, outgoing);
        tasks = new ServedTasks(agentTasks, services.Permissions.Inbox, services.Codices.Templates, start, platform.Time);
        usage = new ServedUsage(services.Store.Usage, platform.Time);
    }

    public ServedChats Chats { get; }
    public ServedItems Items { get; }

    /// <summary>Gets the tools that the policy currently allows.</summary>
    public IReadOnlyList<ServedTool> List()
    {
        var policy = ManagedPolicy.Read(paths);
        return [.. All.Where(tool => policy.RefusalOfTool(tool.Name) is null)];
    }

    /// <summary>Runs a tool. A failure is returned as a result that says what to do.</summary>
    /// <param name="arguments">Null for none.</param>
    /// <exception cref="FailureException">NotFound: there is no such tool.</exception>
    public async Task<ServedResult> CallAsync(string name, JsonElement? arguments, CancellationToken cancellationToken)
    {
        var tool =
            All.FirstOrDefault(one => one.Name == name)
            ?? throw new FailureException(FailureKind.NotFound, $"Plue has no tool {HiddenCharacters.VisibleLine(name)}.");
        if (ManagedPolicy.Read(paths).RefusalOfTool(name) is { } refusal)
        {
            return ServedResult.Failed(refusal);
        }

        try
        {
            var given = tool.Read(arguments is { ValueKind: JsonValueKind.Object } some ? some : NoArguments);
            return ServedResult.Of(outgoing.Clean(await Task.Run(() => tool.RunAsync(given, cancellationToken), cancellationToken)));
        }
        catch (Exception fault) when (fault is ToolFailureException or FailureException)
        {
            return ServedResult.Failed(outgoing.Clean(fault.Message));
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            logger.LogError(fault, "{Tool} failed unexpectedly", name);
            return ServedResult.Failed("An internal error ended the call. The log has the details.");
        }
    }

    public string Clean(string text) => outgoing.Clean(text);

    /// <summary>Returns why the policy denies resources; null if it allows them.</summary>
    /// <param name="tool">The tool that returns the same content.</param>
    public string? RefusalOf(string tool) => ManagedPolicy.Read(paths).RefusalOfTool(tool);

    private IEnumerable<ServedTool> All => [.. Chats.Tools, .. tasks.Tools, .. Items.Tools, .. usage.Tools];
}

/// <param name="Text">JSON; for an error, a sentence that says what to do.</param>
internal sealed record ServedResult(string Text, bool IsError = false)
{
    public static ServedResult Of(JsonObject value)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, PlainJson.Writing))
        {
            value.WriteTo(writer);
        }

        return new ServedResult(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }

    public static ServedResult Failed(string error) => new(error, IsError: true);
}
