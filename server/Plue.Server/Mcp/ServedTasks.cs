using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Agents;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Mcp;

/// <summary>The tools that list tasks and return their status and result, and, where the user allowed it, start and stop tasks.</summary>
/// <param name="approvals">Approvals are listed, but never answered here.</param>
/// <param name="start">Null if tasks cannot be started.</param>
internal sealed class ServedTasks(
    AgentTasks tasks,
    SharedApprovals approvals,
    TemplateCatalog templates,
    TaskStart? start,
    TimeProvider time
)
{
    private const int MaxGoal = 50_000;
    private const int MaxWaitSeconds = 120;
    private const int MaxShown = 500;
    private const decimal MaxUsd = 10_000;

    /// <summary>The tasks that were started here and have not ended.</summary>
    private const int MaxRunning = 8;
    private static readonly TimeSpan ReadInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, byte> started = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim starting = new(1, 1);

    public IReadOnlyList<ServedTool> Tools => start is null ? [.. ReadTools] : [.. ReadTools, StartTool, StopTool];

    /// <summary>Gets the tasks, newest first.</summary>
    public IEnumerable<TaskRow> List() => tasks.Reader.Rows(null, includeArchived: false);

    private IEnumerable<ServedTool> ReadTools =>
        [
            new(
                "list_tasks",
                "List Tasks",
                "Lists the agent tasks in Plue, newest first, with status and cost.",
                $$$"""{"type":"object","properties":{"status":{"type":"string","description":"Only tasks with this status, such as running, waiting_for_approval or done."},{{{ServedPage.Properties}}}},"additionalProperties":false}""",
                (given, _) =>
                {
                    var status = given.OptionalText("status");
                    return Task.FromResult(ServedPage.Of("tasks", List().Where(row => status is null || row.Status == status), given, Row));
                }
            ),
            new(
                "task_status",
                "Task Status",
                "Returns status, plan, cost, subtasks and pending approvals of a task. Approvals are answered by the user in Plue.",
                """{"type":"object","properties":{"uri":{"type":"string","description":"Such as codex://tasks/task_…"}},"required":["uri"],"additionalProperties":false}""",
                (given, _) => Task.FromResult(Status(AddressOf(given)))
            ),
            new(
                "task_result",
                "Task Result",
                "Returns the result of a task: its outputs, last response, changed files and cost. Before the task ends, finished is false.",
                """{"type":"object","properties":{"uri":{"type":"string","description":"Such as codex://tasks/task_…"},"wait_seconds":{"type":"integer","minimum":0,"maximum":120,"description":"How long to wait for the end of the task. Default: 0."}},"required":["uri"],"additionalProperties":false}""",
                ResultAsync
            ),
        ];

    private ServedTool StartTool =>
        new(
            "start_task",
            "Start Task",
            $"Starts an agent task in Plue and returns at once. The agent works with the permissions of its template, and the user approves in Plue what these do not allow. Templates: {string.Join("; ", Templates())}.",
            """{"type":"object","properties":{"goal":{"type":"string","description":"What should be done, and how to tell that it is done."},"template":{"type":"string","description":"Default: task."},"budget_usd":{"type":"number","exclusiveMinimum":0,"description":"A lower limit than that of the template, in US dollars."}},"required":["goal"],"additionalProperties":false}""",
            StartAsync
        )
        {
            IsReadOnly = false,
        };

    private ServedTool StopTool =>
        new(
            "stop_task",
            "Stop Task",
            "Stops a task that was started by start_task in this session, and its subtasks.",
            """{"type":"object","properties":{"uri":{"type":"string","description":"Such as codex://tasks/task_…"}},"required":["uri"],"additionalProperties":false}""",
            async (given, cancellationToken) =>
            {
                var uri = AddressOf(given);
                if (!started.ContainsKey(uri))
                {
                    throw new ToolFailureException(
                        "Only tasks that were started in this session can be stopped. The user can stop it in Plue."
                    );
                }

                await tasks.StopAsync(uri, under: true, StopCause.User, cancellationToken);
                return Status(uri);
            }
        )
        {
            IsReadOnly = false,
        };

    private async Task<JsonObject> StartAsync(ToolParameters given, CancellationToken cancellationToken)
    {
        var goal = given.Text("goal");
        if (goal.Length > MaxGoal)
        {
            throw new ToolFailureException($"`goal` must have at most {MaxGoal} characters. No task was started.");
        }

        var template = given.OptionalText("template") ?? "task";
        var asked = given.OptionalAmount("budget_usd", MaxUsd);
        await starting.WaitAsync(cancellationToken);
        try
        {
            if (started.Keys.Count(IsRunning) >= MaxRunning)
            {
                throw new ToolFailureException($"{MaxRunning} tasks of this session are running, which is the limit. No task was started.");
            }

            var conversation = await tasks.Spawner.SpawnAsync(
                template,
                goal,
                new Dictionary<string, JsonElement>(),
                null,
                null,
                new AgentBudget(new[] { asked, start!.MaxUsd, BudgetOf(template) }.Min(), null, null, null),
                null,
                cancellationToken
            );
            started[conversation.CodexId] = 0;
            return Status(conversation.CodexId);
        }
        finally
        {
            starting.Release();
        }
    }

    private async Task<JsonObject> ResultAsync(ToolParameters given, CancellationToken cancellationToken)
    {
        var uri = AddressOf(given);
        var limit = TimeSpan.FromSeconds(given.OptionalNumber("wait_seconds", 0, MaxWaitSeconds) ?? 0);
        var begin = time.GetTimestamp();
        while (true)
        {
            var change = tasks.NextChangeAsync(uri);
            var row = RowOf(uri);
            if (tasks.ResultOf(uri) is { } result)
            {
                return new JsonObject
                {
                    ["uri"] = uri,
                    ["finished"] = true,
                    ["status"] = result.Status,
                    ["outputs"] = result.Outputs is { } outputs ? JsonNode.Parse(outputs.GetRawText()) : null,
                    ["output"] = ServedText.Part(result.Output, 0, ServedText.MaxCharacters),
                    ["files_changed"] = new JsonArray([.. result.FilesChanged.Select(file => (JsonNode)file)]),
                    ["cost_usd"] = result.Cost,
                    ["execution_time_ms"] = result.ExecutionTimeMs,
                    ["reason"] = result.Reason,
                };
            }

            // Other windows write to the same file, so a change of it means nothing here.
            var left = limit - time.GetElapsedTime(begin);
            if (left <= TimeSpan.Zero)
            {
                return new JsonObject
                {
                    ["uri"] = uri,
                    ["finished"] = false,
                    ["status"] = row.Status,
                    ["reason"] = row.Note,
                };
            }

            await Task.WhenAny(change, Task.Delay(left < ReadInterval ? left : ReadInterval, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private JsonObject Status(string uri)
    {
        var row = RowOf(uri);
        var status = Row(row);
        status["goal"] = ServedText.Part(tasks.Reader.Read(uri).Text(StoredChat.GoalField) ?? "", 0, MaxShown);
        status["plan"] = new JsonArray([
            .. TaskTimeline
                .PlanOf(tasks.Reader.Read(uri))
                .Select(step => new JsonObject
                {
                    ["text"] = ServedText.Part(step.Text, 0, MaxShown),
                    ["state"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(step.State.ToString()),
                }),
        ]);
        status["subtasks"] = new JsonArray([
            .. tasks
                .Reader.Rows(uri, includeArchived: true)
                .Where(other => other.Summary.SpawnedBy == uri)
                .Take(ServedPage.MaxRows)
                .Select(Row),
        ]);
        status["pending_approvals"] = new JsonArray([
            .. approvals
                .Pending.Where(pending => pending.Request.CodexId == uri)
                .Take(ServedPage.MaxRows)
                .Select(pending => new JsonObject
                {
                    ["tool"] = pending.Request.ToolName,
                    ["what"] = ServedText.Part(pending.Request.ActionText, 0, MaxShown),
                    ["since"] = pending.CreatedAt,
                }),
        ]);
        return status;
    }

    private bool IsRunning(string uri)
    {
        try
        {
            return tasks.ResultOf(uri) is null;
        }
        catch (FailureException)
        {
            // The task was deleted.
            return false;
        }
    }

    private TaskRow RowOf(string uri) =>
        tasks.Reader.Row(uri) ?? throw new FailureException(FailureKind.NotFound, $"{uri} does not exist. It may have been deleted.");

    private decimal? BudgetOf(string template) =>
        templates.Find(template) is { } found ? AgentSpec.Of(found.WithDefaults(Json5.Json5Object.Of([]))).Budget.Usd : null;

    private IEnumerable<string> Templates() =>
        templates
            .List()
            .Select(entry => entry.Template)
            .OfType<Template>()
            .Where(template => template.Collection == TemplateCollection.Tasks && !template.Tags.Contains(TemplateCatalog.InternalTag))
            .DistinctBy(template => template.Id)
            .Take(ServedPage.MaxRows)
            .Select(template => $"{template.Id} ({template.Description?.TrimEnd('.')})");

    private static string AddressOf(ToolParameters given) => ServedChats.AddressOf(given, CodexCollection.Tasks).ToString();

    private static JsonObject Row(TaskRow row) =>
        new()
        {
            ["uri"] = row.Uri,
            ["title"] = row.Summary.Title,
            ["template"] = row.Summary.TemplateId,
            ["status"] = row.Status,
            ["note"] = row.Note,
            ["model"] = row.Summary.Model,
            ["created_at"] = row.Summary.CreatedAt,
            ["updated_at"] = row.Summary.UpdatedAt,
            ["cost_usd"] = row.TotalSpent.Usd,
            ["has_unknown_cost"] = !row.TotalSpent.IsUsdKnown,
            ["tokens"] = row.TotalSpent.Tokens,
            ["budget_usd"] = row.Budget.Usd,
        };
}

/// <summary>The user's permission to start tasks.</summary>
/// <param name="MaxUsd">The maximum budget of each task; null leaves it to the template.</param>
internal sealed record TaskStart(decimal? MaxUsd);
