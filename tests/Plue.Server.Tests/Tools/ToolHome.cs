using Microsoft.Extensions.Logging;
using Plue.Server.Agents;
using Plue.Server.Agents.Plans;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>All built-in tools and the real runner. No user is available for approvals. Spawned agents are only recorded.</summary>
internal sealed class ToolHome : IAsyncDisposable, ITaskSpawner, IChildTasks, IToolObserver
{
    private readonly Services services;
    private readonly ToolRunner runner;
    private readonly SeenFiles seen = new();
    private readonly Rights rights;

    private ToolHome(string top, IReadOnlyList<string> allowed)
    {
        Top = top;
        Folder = Path.Combine(top, "work");
        Directory.CreateDirectory(Folder);
        var notes = Directory.CreateDirectory(Path.Combine(top, "home", "skills", "notes")).FullName;
        File.WriteAllText(Path.Combine(notes, "SKILL.md"), "---\nname: notes\ndescription: Writes notes.\n---\nWrite notes.");
        services = new Services(LogLevel.None, new PluePaths(Path.Combine(top, "home")));
        services.Platform.Workspace.Open(Folder, trusted: true);
        services.Editor.Editor = new Testing.ScriptedEditor();
        Services = services.Chat(new Plue.Server.Cli.SilentEvents());
        runner = Services.ToolRunner;
        rights = new Rights
        {
            CodexId = "chat_1",
            Title = "Test",
            Tools = [.. ToolNames.All.Select(tool => tool.Name), FinishTool.ToolName],
            Permissions = new AgentPermissions(allowed, [], []),
            Mode = PermissionMode.EditFreely,
            Folders = WorkspaceFolders.Of(Folder),
            IsUnattended = true,
        };
    }

    public string Top { get; }

    public string Folder { get; }

    public ChatServices Services { get; }

    public Toolbox Toolbox { get; private set; } = Toolbox.Empty;

    /// <summary>The request of the last spawned child.</summary>
    public SpawnRequest? Spawned { get; private set; }

    /// <param name="allowed">Permission rules.</param>
    public static async Task<ToolHome> StartAsync(params string[] allowed)
    {
        var home = new ToolHome(RealPath.Of(Directory.CreateTempSubdirectory("plue-tools-").FullName), allowed);
        List<ITool> tools = [];
        foreach (var source in home.Services.ToolSources)
        {
            tools.AddRange(await source.FindAsync([.. ToolNames.All.Select(tool => tool.Name)], [], CancellationToken.None));
        }

        home.Toolbox = new Toolbox([
            .. tools,
            new SpawnTaskTool(home, ""),
            new TaskStatusTool(home, ""),
            new TaskWaitTool(home, ""),
            new SendMessageTool(home, ""),
            new BoardPostTool((_, note, _) => Task.FromResult($"posted {note}"), ""),
            new BoardReadTool(_ => "The board is empty.", ""),
            new WritePlanTool((_, _) => { }, (_, draft, _) => Task.FromResult(PlanText(draft)), ""),
            new FinishTool(null, (_, _, _) => Task.FromResult<string?>(null)),
        ]);
        return home;
    }

    /// <summary>Runs a call like a turn: from the model's text to the result.</summary>
    public async Task<ToolCallResult> CallAsync(string tool, string parameters, CancellationToken cancellationToken = default)
    {
        var live = new LiveMessage(
            new Message
            {
                Id = "msg_1",
                CodexId = "chat_1",
                Role = MessageRole.Assistant,
                CreatedAt = DateTimeOffset.UnixEpoch,
            }
        );
        live.StartToolCall("call_1", tool);
        live.AppendToolCall("call_1", parameters);
        live.FinishToolCall("call_1", parameters, null);
        live.RepairToolCalls(Toolbox);
        return (await new ToolRounds(runner).RunAsync(live.Calls, Toolbox, ContextOf, this, cancellationToken))[0];
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        ToolFixture.Shell($"chmod -R u+rwx {Top}; rm -rf {Top}", "/");
    }

    Task<SpawnCheck> ITaskSpawner.CheckAsync(SpawnRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(new SpawnCheck("A model", null));

    Task<string> ITaskSpawner.RunAsync(SpawnRequest request, IToolProgress progress, CancellationToken cancellationToken)
    {
        Spawned = request;
        return Task.FromResult(
            $"{request.TemplateId}|{request.Goal}|{request.Values}|{request.Budget}|{request.Model}|{request.Waits}|{(request.IsIsolated == true ? "isolated" : "")}"
        );
    }

    Task<string> IChildTasks.StatusAsync(
        string parentId,
        string toolUseId,
        IReadOnlyList<string> uris,
        CancellationToken cancellationToken
    ) => Task.FromResult($"status {string.Join(',', uris)}");

    Task<string> IChildTasks.WaitAsync(ChildWait request, IToolProgress progress, CancellationToken cancellationToken) =>
        Task.FromResult($"{string.Join(',', request.Tasks)}|{request.IsForAny}|{request.Timeout}");

    Task<string> IChildTasks.SendAsync(string fromId, string to, string text, CancellationToken cancellationToken) =>
        Task.FromResult($"{to}|{text}");

    private static string PlanText(PlanDraft draft) =>
        new Plan(draft.Title, draft.Goal, null, new AgentBudget(null, null, null, null), draft.Steps, []).ToString();

    ValueTask IToolObserver.RecordIntentAsync(ToolCall call, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    void IToolObserver.Progress(ToolCall call, string text) { }

    void IToolObserver.Waiting(ToolCall call, bool isWaiting) { }

    void IToolObserver.Finished(ToolCallResult result) { }

    private ToolContext ContextOf(string toolUseId) =>
        new()
        {
            CodexId = "chat_1",
            TurnId = "turn_1",
            ToolUseId = toolUseId,
            Folders = WorkspaceFolders.Of(Folder),
            Rights = () => [rights],
            Seen = seen,
        };
}
