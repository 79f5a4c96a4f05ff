using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Agents;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>task/*: tasks of agents as a tree.</summary>
/// <param name="readAsync">Reads attachments.</param>
internal sealed class TaskHandlers(
    RpcServer server,
    AgentTasks tasks,
    Approvals approvals,
    Func<IReadOnlyList<Protocol.Attachment>?, CancellationToken, Task<IReadOnlyList<Messages.MessagePart.File>>> readAsync
)
{
    public void Register()
    {
        server.Map(Methods.TaskSpawn, SpawnAsync);
        server.Map(Methods.TaskConvert, ConvertAsync);
        server.Map(
            Methods.TaskContinueAsChat,
            async (parameters, cancellationToken) =>
                CodexHandlers.Summary((await tasks.ContinueAsChatAsync(parameters.Uri, cancellationToken)).Summary)
        );
        server.Map(
            Methods.TaskList,
            (parameters, _) =>
                Task.FromResult(
                    new TaskListResult([.. tasks.Reader.Rows(parameters.Root, parameters.IncludeArchived == true).Select(TaskViews.View)])
                )
        );
        server.Map(Methods.TaskGet, (parameters, _) => Task.FromResult(Get(parameters.Uri)));
        server.Map(
            Methods.TaskStop,
            (parameters, cancellationToken) =>
                DoAsync(() =>
                    parameters.Uri is { } uri
                        ? tasks.StopAsync(uri, parameters.IncludeSubtasks == true, StopCause.User, cancellationToken)
                        : tasks.StopAllAsync(cancellationToken)
                )
        );
        server.Map(
            Methods.TaskPause,
            (parameters, cancellationToken) => DoAsync(() => tasks.PauseAsync(parameters.Uri, cancellationToken))
        );
        server.Map(
            Methods.TaskResume,
            (parameters, cancellationToken) => DoAsync(() => tasks.ResumeAsync(parameters.Uri, cancellationToken))
        );
        server.Map(
            Methods.TaskSteer,
            (parameters, cancellationToken) => DoAsync(() => tasks.SteerAsync(parameters.Uri, parameters.Text, cancellationToken))
        );
        server.Map(
            Methods.TaskArchive,
            (parameters, cancellationToken) => DoAsync(() => tasks.ArchiveAsync(parameters.Uri, cancellationToken))
        );
        server.Map(
            Methods.TaskDiscard,
            (parameters, cancellationToken) => DoAsync(() => tasks.DiscardAsync(parameters.Uri, cancellationToken))
        );
        server.Map(
            Methods.TaskSetBudget,
            async (parameters, cancellationToken) =>
            {
                await tasks.SetBudgetAsync(parameters.Uri, Budget(parameters.Budget), cancellationToken);
                return TaskViews.View(Row(parameters.Uri));
            }
        );
    }

    private async Task<TaskView> SpawnAsync(TaskSpawnParams parameters, CancellationToken cancellationToken)
    {
        var made = await tasks.Spawner.SpawnAsync(
            parameters.TemplateId,
            parameters.Goal,
            parameters.Values ?? new Dictionary<string, JsonElement>(),
            parameters.Provider,
            parameters.Model,
            Budget(parameters.Budget),
            parameters.ParentId,
            cancellationToken,
            await readAsync(parameters.Attachments, cancellationToken),
            parameters.SourceChat
        );
        return TaskViews.View(Row(made.CodexId));
    }

    private async Task<TaskView> ConvertAsync(TaskConvertParams parameters, CancellationToken cancellationToken)
    {
        var task = await tasks.Spawner.ConvertAsync(
            parameters.Uri,
            parameters.TemplateId,
            parameters.Goal,
            parameters.Values ?? new Dictionary<string, JsonElement>(),
            parameters.Provider,
            parameters.Model,
            Budget(parameters.Budget),
            await readAsync(parameters.Attachments, cancellationToken),
            cancellationToken
        );
        return TaskViews.View(Row(task.CodexId));
    }

    private TaskDetail Get(string uri)
    {
        var rows = tasks.Reader.Rows(uri, includeArchived: true);
        var waiting = approvals.Pending.ToLookup(
            pending => pending.Request.CodexId,
            pending => (pending.CreatedAt, pending.Request.ToolName)
        );
        return TaskViews.Detail(
            Row(uri),
            tasks.Reader.Read(uri),
            [.. rows.OrderBy(row => row.Summary.CreatedAt)],
            Find,
            tasks.Board.NotesAround(uri),
            waiting
        );
    }

    private StoredChat? Find(string uri)
    {
        try
        {
            return tasks.Reader.Read(uri);
        }
        catch (FailureException)
        {
            return null; /* The task is shown with its row only. */
        }
    }

    private TaskRow Row(string uri) => tasks.Reader.Row(uri) ?? throw new FailureException(FailureKind.NotFound, "There is no such task.");

    private static AgentBudget Budget(TaskBudgetView? budget) => new(budget?.Usd, budget?.Tokens, budget?.Rounds, budget?.Seconds);

    private static async Task<Empty> DoAsync(Func<Task> what)
    {
        await what();
        return new Empty();
    }
}
