using System.Text.Json;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Chat;

/// <summary>Each limit of a task's budget, at the limit and beyond it.</summary>
public sealed class TaskBudgetTests
{
    private static readonly AgentBudget None = new(null, null, null, null);
    private static readonly Price Price = new(1_000_000, 10_000_000, null, null); // per token: 1 USD input, 10 USD output

    [Fact]
    public void Money_counts_what_was_spent_the_request_and_its_longest_answer()
    {
        var request = Request(maxTokens: 3);
        var next = TokenEstimate.Of(request.System!) + request.Messages.Sum(TokenEstimate.Of);
        var task = Task(
            Answer() with
            {
                Cost = new Cost(0, 0, 0, 0.1m, "catalog"),
            },
            Answer() with
            {
                Cost = new Cost(0, 0, 0, 0.2m, "catalog"),
            }
        );
        var exactly = 0.3m + next + 30;
        TaskBudget.Check(None with { Usd = exactly }, task, request, Price);
        var over = Over(None with { Usd = exactly - 0.000001m }, task, request, Price);
        Assert.Equal(
            FormattableString.Invariant(
                $"This task has reached its budget. It has cost $0.30, the next request with a response of up to 3 tokens may cost ${next + 30}.00, and its budget is ${exactly - 0.000001m}. Increase its budget to continue."
            ),
            over
        );
        // Unbounded output is not estimated, and without a price nothing is.
        TaskBudget.Check(None with { Usd = 0.3m + next }, task, Request(null), Price);
        Assert.Contains("costs at least", Over(None with { Usd = 0.2m + next }, task, Request(null), Price), StringComparison.Ordinal);
        TaskBudget.Check(None with { Usd = 0 }, task, request, null);
    }

    [Fact]
    public void Tokens_count_what_was_used_and_the_request()
    {
        var request = Request(null);
        var next = TokenEstimate.Of(request.System!) + request.Messages.Sum(TokenEstimate.Of);
        var task = Task(
            Answer() with
            {
                Usage = new Usage { InputTokens = 50, OutputTokens = 50 },
            }
        );
        TaskBudget.Check(None with { Tokens = 100 + next }, task, request, Price);
        Assert.Contains("It has used 100 tokens", Over(None with { Tokens = 99 + next }, task, request, Price), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_requests_that_were_sent_count_as_rounds()
    {
        var task = Task(
            Answer() with
            {
                Usage = new Usage { InputTokens = 1, OutputTokens = 1 },
            },
            Answer(),
            Answer() with
            {
                Status = MessageStatus.Failed,
                Parts = [],
                Error = new Failure(FailureKind.BudgetExceeded, "Over."),
            },
            Answer() with
            {
                IsCopy = true,
            }
        );
        TaskBudget.Check(None with { Rounds = 3 }, task, Request(null), null);
        Assert.Contains(
            "It has called the model 2 times",
            Over(None with { Rounds = 2 }, task, Request(null), null),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Time_counts_how_long_answers_took_on_every_branch()
    {
        var first = Answer() with { Id = "a", Timing = new Timing(null, TimeSpan.FromSeconds(4)) };
        var task = Task() with
        {
            Tree = new MessageTree(
                [
                    first with
                    {
                        ParentId = "",
                    },
                    first with
                    {
                        Id = "b",
                        ParentId = "",
                        Timing = new Timing(null, TimeSpan.FromSeconds(5.5)),
                    },
                ],
                "b",
                []
            ),
        };
        Assert.Equal(TimeSpan.FromSeconds(0.5), TaskBudget.TimeLeft(None with { Seconds = 10 }, task));
        Assert.Null(TaskBudget.TimeLeft(None, task));
        Assert.True(TaskBudget.TimeLeft(None with { Seconds = 999_999_999_999_999 }, task) > TimeSpan.FromDays(1000));
        TaskBudget.Check(None with { Seconds = 10 }, task, Request(null), null);
        var longer = task with
        {
            Tree = new MessageTree([first with { ParentId = "", Timing = new Timing(null, TimeSpan.FromSeconds(10)) }], "a", []),
        };
        Assert.Contains(
            "It has reached the time limit of its budget.",
            Over(None with { Seconds = 10 }, longer, Request(null), null),
            StringComparison.Ordinal
        );
    }

    private static string Over(AgentBudget budget, StoredChat task, ProviderRequest request, Price? price)
    {
        var fault = Assert.Throws<FailureException>(() => TaskBudget.Check(budget, task, request, price));
        Assert.Equal(FailureKind.BudgetExceeded, fault.Failure.Kind);
        return fault.Message;
    }

    private static ProviderRequest Request(int? maxTokens) =>
        new()
        {
            CodexId = "codex://tasks/x",
            Model = "m",
            System = "Be brief.",
            Messages = [Answer() with { Role = MessageRole.User }],
            MaxTokens = maxTokens,
        };

    private static Message Answer() =>
        new()
        {
            Id = Ids.New("msg"),
            CodexId = "codex://tasks/x",
            Role = MessageRole.Assistant,
            CreatedAt = DateTimeOffset.UnixEpoch,
            UpdatedAt = DateTimeOffset.UnixEpoch,
            Parts = [new MessagePart.Text("Some words.")],
        };

    private static StoredChat Task(params Message[] answers)
    {
        List<Message> path = [];
        foreach (var answer in answers)
        {
            path.Add(answer with { ParentId = path is [.., var last] ? last.Id : "" });
        }

        return new StoredChat
        {
            Id = "task_1",
            TemplateId = "task",
            Title = "",
            Archived = false,
            ProviderId = null,
            Model = null,
            CreatedAt = default,
            UpdatedAt = default,
            Status = ChatStatus.Idle,
            TotalCost = answers.Sum(answer => answer.Cost?.TotalCost ?? 0),
            Tree = new MessageTree(path, path is [.., var end] ? end.Id : "", []),
            Values = new Dictionary<string, JsonElement>(),
        };
    }
}
