using System.CommandLine;
using Plue.Server.Agents;
using Plue.Server.Chat;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Rpc;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Cli;

/// <summary>
/// <c>plue task run TEMPLATE "goal"</c> and <c>plue task resume</c>: run an agent without an editor. Calls that require approval are denied, because no user is available.
/// Exit codes: 0 done, 1 failed, 2 bad usage, 3 budget exceeded, 4 a call was denied (regardless of the result), 130 interrupted.
/// </summary>
internal sealed class TaskCommand
{
    private const int OverBudget = 3;
    private const int Refused = 4;

    private readonly Func<string?, Services> open;
    private readonly Terminal terminal;
    private readonly Argument<string> template = new("template")
    {
        Description = "The agent template, by its id, such as task-code-writer",
    };
    private readonly Argument<string> goal = new("goal") { Description = "The goal of the task" };
    private readonly Argument<string> task;
    private readonly Option<string?> workspace = TemplateOptions.Workspace();
    private readonly Option<decimal?> budget = new("--budget")
    {
        Description = "The budget of the task and its subtasks, in US dollars",
        HelpName = "USD",
    };
    private readonly Option<long?> tokens = new("--tokens") { Description = "The limit of input and output tokens" };
    private readonly Option<string?> provider = new("--provider") { Description = "A configured provider; defaults to the template's" };
    private readonly Option<string?> model = new("--model") { Description = "The model to use" };
    private readonly Option<string[]> set = TemplateOptions.Set();
    private readonly Option<string?> policy = PolicyFile.Option();
    private readonly Option<string?> isolation = new("--isolation")
    {
        Description = "worktree: work in a git worktree and branch of its own, made from the last commit",
        HelpName = "worktree",
    };
    private readonly Option<bool> json = new("--json") { Description = "Print the result as one JSON object" };
    private readonly Option<int?> passphraseFd = CommonOptions.PassphraseFd();

    private TaskCommand(Func<string?, Services> open, Terminal terminal)
    {
        (this.open, this.terminal) = (open, terminal);
        task = TaskControl.Named(open);
    }

    /// <param name="open">Opens the services for a trusted folder. Called only if the command runs.</param>
    public static Command Create(Func<string?, Services> open, Terminal terminal) => new TaskCommand(open, terminal).Build();

    private Command Build()
    {
        budget.Validators.Add(result =>
        {
            if (result.GetValue(budget) is <= 0)
            {
                result.AddError("--budget must be greater than 0.");
            }
        });
        tokens.Validators.Add(result =>
        {
            if (result.GetValue(tokens) is <= 0)
            {
                result.AddError("--tokens must be greater than 0.");
            }
        });
        isolation.AcceptOnlyFromAmong(StoredChat.Worktree);
        var commands = new Subcommands(parsed => open(parsed.GetValue(workspace)), terminal);
        var command = new Command("task", "Agents at work")
        {
            commands.Verb(
                "run",
                "Have an agent reach a goal, and print what it hands back, for example: plue task run task-reviewer \"Look for bugs.\" --workspace . --budget 0.50",
                [template, goal, workspace, budget, tokens, provider, model, set, policy, isolation, json, passphraseFd],
                RunAsync
            ),
            commands.Verb(
                "resume",
                "Continue a paused, stopped, or interrupted task, for example: plue task resume task_1",
                [task, workspace, policy, json, passphraseFd],
                ResumeAsync
            ),
            commands.Verb(
                "list",
                "List the tasks, the last used first, for example: plue task list",
                [workspace, json],
                async (services, parsed, _) =>
                {
                    await using var conversations = Tasks(services, parsed, out var tasks);
                    foreach (var row in tasks.Reader.Rows(null, includeArchived: false))
                    {
                        terminal.WriteLine(
                            services.Platform.Redactor.Mask(
                                parsed.GetValue(json) ? Subcommands.ToJson(TaskViews.View(row)) : TaskControl.Line(row)
                            )
                        );
                    }

                    return ExitCodes.Done;
                }
            ),
        };
        foreach (
            var verb in new TaskControl(open, terminal).Verbs(
                commands,
                services => (Open(services, new AgentPermissions([], [], []), out var tasks), tasks)
            )
        )
        {
            command.Add(verb);
        }
        return command;
    }

    private async Task<int> RunAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        await UnlockAsync(services, parsed, cancellationToken);
        var id = parsed.GetValue(template)!;
        var place = parsed.GetValue(isolation) is { } chosen ? [$"{StoredChat.IsolationField}={chosen}"] : (string[])[];
        var values = Json5Conversion.Members(
            Json5Object.Of(
                TemplateOptions.Values(
                    [.. parsed.GetValue(set) ?? [], .. place],
                    name =>
                        services.Codices.Templates.Find(id)?.Field(name)
                            is not {
                                Type: Templates.FieldType.Number
                                    or Templates.FieldType.Boolean
                                    or Templates.FieldType.Array
                                    or Templates.FieldType.Object
                            }
                )
            )
        );
        await using var conversations = Tasks(services, parsed, out var tasks);
        var conversation = await tasks.Spawner.SpawnAsync(
            id,
            parsed.GetValue(goal)!,
            values,
            parsed.GetValue(provider),
            parsed.GetValue(model),
            new AgentBudget(parsed.GetValue(budget), parsed.GetValue(tokens), null, null),
            null,
            cancellationToken
        );
        terminal.WriteError($"{conversation.CodexId} begins.");
        return await UntilEndAsync(services, parsed, conversations, tasks, conversation, covered: null, cancellationToken);
    }

    /// <summary>Continues a task here, or where it is paused.</summary>
    private async Task<int> ResumeAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        await UnlockAsync(services, parsed, cancellationToken);
        await using var conversations = Tasks(services, parsed, out var tasks);
        var uri = TaskControl.UriOf(parsed.GetValue(task)!);
        var conversation = await conversations.GetAsync(uri, cancellationToken);
        var isElsewhere = conversation.IsRunningElsewhere;
        var covered = tasks.ResultOf(uri) is null ? null : conversation.Stored.Tree.Head;
        await tasks.ResumeAsync(uri, cancellationToken);
        if (isElsewhere)
        {
            terminal.WriteError($"{uri} continues in the window or terminal that works on it.");
            return ExitCodes.Done;
        }

        terminal.WriteError($"{uri} continues.");
        return await UntilEndAsync(services, parsed, conversations, tasks, conversation, covered, cancellationToken);
    }

    /// <summary>Each provider may respond in the subtasks.</summary>
    private Task UnlockAsync(Services services, ParseResult parsed, CancellationToken cancellationToken) =>
        VaultCommand.UnlockIfRequestedAsync(
            services.Vault.Vault,
            parsed.GetValue(passphraseFd),
            services.Providers.Registry.SwitchedOn(),
            terminal,
            cancellationToken
        );

    /// <summary>Waits for the end of a task, which other windows and terminals can control meanwhile.</summary>
    /// <param name="covered">The message that the last result covers; null without one.</param>
    private async Task<int> UntilEndAsync(
        Services services,
        ParseResult parsed,
        Conversations conversations,
        AgentTasks tasks,
        Conversation conversation,
        string? covered,
        CancellationToken cancellationToken
    )
    {
        using var background = new CancellationTokenSource();
        var following = conversations.FollowAsync(background.Token);
        try
        {
            return await FollowAsync(services, tasks, conversation, covered, parsed.GetValue(json), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await tasks.StopAsync(conversation.CodexId, under: true, StopCause.User, CancellationToken.None);
            throw;
        }
        finally
        {
            await background.CancelAsync();
            await following;
        }
    }

    private async Task<int> FollowAsync(
        Services services,
        AgentTasks tasks,
        Conversation conversation,
        string? covered,
        bool asJson,
        CancellationToken cancellationToken
    )
    {
        var uri = conversation.CodexId;
        Dictionary<string, string> reported = new(StringComparer.Ordinal);
        while (true)
        {
            var next = tasks.NextChangeAsync();
            foreach (var row in tasks.Reader.Rows(uri, includeArchived: true).Reverse())
            {
                if (reported.GetValueOrDefault(row.Uri) == row.Status)
                {
                    continue;
                }

                reported[row.Uri] = row.Status;
                terminal.WriteError(
                    services.Platform.Redactor.Mask(
                        $"{row.TemplateName}: {row.Summary.Title}: {row.Status.Replace('_', ' ')}{(row.Note is { } note ? $". {note}" : "")}"
                    )
                );
            }

            if (tasks.ResultOf(uri) is { } result && conversation.Stored.Tree.Head != covered)
            {
                return Report(services, tasks, result, asJson);
            }

            // No user is available to increase a budget, and the parent waits for that.
            if (tasks.Reader.Rows(uri, includeArchived: true).FirstOrDefault(row => row.Status == TaskStates.OverBudget) is { } over)
            {
                await tasks.StopAsync(uri, under: true, StopCause.TaskEnded, CancellationToken.None);
                Report(
                    services,
                    tasks,
                    tasks.ResultOf(uri)! with
                    {
                        Status = TaskStates.OverBudget,
                        Reason = over.Note ?? "It is over its budget.",
                    },
                    asJson
                );
                return OverBudget;
            }

            await next.WaitAsync(cancellationToken);
        }
    }

    private int Report(Services services, AgentTasks tasks, TaskResult result, bool asJson)
    {
        terminal.WriteLine(
            services.Platform.Redactor.Mask(
                asJson ? result.ToJson()
                : result.Outputs is { } outputs ? outputs.GetRawText()
                : result.Output
            )
        );
        if (result.Worktree is { } worktree)
        {
            terminal.WriteError(
                services.Platform.Redactor.Mask($"Its changes are on the {worktree}. Merge them with: plue worktrees merge {result.Task}")
            );
        }
        if (result.Reason is { } reason)
        {
            terminal.WriteError(services.Platform.Redactor.Mask(reason));
        }

        return result.Status switch
        {
            TaskStates.Stopped => ExitCodes.Interrupted,
            _ when tasks.WasRefused(result.Task) => Refused,
            TaskStates.Done => ExitCodes.Done,
            _ => ExitCodes.Failed,
        };
    }

    /// <summary>Tasks without a user. The caller disposes the conversations.</summary>
    private Conversations Tasks(Services services, ParseResult parsed, out AgentTasks tasks) =>
        Open(services, PolicyFile.Read(parsed.GetValue(policy)), out tasks);

    private static Conversations Open(Services services, AgentPermissions policy, out AgentTasks tasks)
    {
        var chat = services.Chat(new SilentEvents(), isUnattended: true, policy);
        var conversations = new Conversations(chat);
        tasks = services.Tasks(chat, conversations, (_, _) => { });
        return conversations;
    }
}
