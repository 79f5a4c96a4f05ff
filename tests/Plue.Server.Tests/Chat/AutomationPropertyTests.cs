using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Chat;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Chat;

/// <summary>A change terminates for any hooks in a template.</summary>
public sealed class AutomationPropertyTests
{
    private static readonly string[] Fields = ["a", "b", "c", "status"];

    [Fact]
    public void Any_set_of_hooks_ends_within_its_bounds()
    {
        var action = Gen.OneOf(
            from field in Gen.Elements(Fields)
            from value in Gen.Elements("{{a}}x", "{{b}}{{c}}y", "z", "{{status}}", "{{messages[-1].role}}")
            select (HookAction)new HookAction.SetField(field, new Json5String(value)),
            Gen.Constant((HookAction)new HookAction.SendToLlm()),
            Gen.Constant((HookAction)new HookAction.Notify("{{a}}")),
            Gen.Constant((HookAction)new HookAction.SpawnTask("self", Json5Object.Of(("goal", new Json5String("{{b}}")))))
        );
        var hook =
            from trigger in Gen.Elements(HookTrigger.FieldChange, HookTrigger.StatusChange, HookTrigger.Created)
            from field in Gen.Elements<string?>(null, "a", "b", "c", "status")
            from does in action
            select new AutomationHook(trigger, field, [], does);
        Prop.ForAll(
                hook.ListOf().ToArbitrary(),
                hooks =>
                {
                    var time = new MovableTime();
                    var target = new Target(
                        new Template
                        {
                            Id = "self",
                            Name = "self",
                            Hooks = [.. hooks],
                        }
                    );
                    var spawned = 0;
                    Automation? automation = null;
                    automation = new Automation(
                        new HookActions(
                            async (parent, depth, cancellationToken) =>
                            {
                                var child = $"codex://tasks/{++spawned}";
                                automation!.Bounds.Follows(child, parent);
                                await automation!.RunAsync(
                                    new Target(target.Template) { Uri = child },
                                    [new HookChange(HookTrigger.Created)],
                                    depth,
                                    cancellationToken
                                );
                                return child;
                            }
                        ),
                        time,
                        NullLogger.Instance
                    );
                    var running = automation.RunAsync(
                        target,
                        [.. HookChange.Of("a"), .. HookChange.Of("status"), new HookChange(HookTrigger.Created)],
                        0,
                        CancellationToken.None
                    );
                    Assert.True(running.IsCompletedSuccessfully);
                    // Model requests caused by the user's own change are not counted.
                    Assert.InRange(target.Actions, 0, HookBounds.MaxPerCodex + (4 * hooks.Count));
                    Assert.InRange(spawned, 0, HookBounds.MaxTasks);
                }
            )
            .Check(Config.QuickThrowOnFailure);
    }

    [Fact]
    public async Task A_minute_later_hooks_run_again()
    {
        var time = new MovableTime();
        var automation = new Automation(new HookActions((_, _, _) => Task.FromResult("codex://tasks/x")), time, NullLogger.Instance);
        var target = new Target(
            new Template
            {
                Id = "self",
                Name = "self",
                Hooks = [new AutomationHook(HookTrigger.FieldChange, "a", [], new HookAction.Notify("hi"))],
            }
        );
        for (var i = 0; i < 100; i++)
        {
            await automation.RunAsync(target, HookChange.Of("a"), 0, CancellationToken.None);
        }

        Assert.Equal(HookBounds.MaxPerCodex, target.Outcomes);
        time.Advance(TimeSpan.FromSeconds(61));
        await automation.RunAsync(target, HookChange.Of("a"), 0, CancellationToken.None);
        Assert.Equal(HookBounds.MaxPerCodex + 1, target.Outcomes);
    }

    [Fact]
    public async Task A_message_is_answered_after_any_number_of_hooks()
    {
        var automation = new Automation(
            new HookActions((_, _, _) => Task.FromResult("codex://tasks/x")),
            new MovableTime(),
            NullLogger.Instance
        );
        var target = new Target(
            new Template
            {
                Id = "self",
                Name = "self",
                Hooks =
                [
                    new AutomationHook(HookTrigger.FieldChange, "messages", [], new HookAction.Notify("hi")),
                    new AutomationHook(HookTrigger.FieldChange, "messages", [], new HookAction.SendToLlm()),
                ],
            }
        );
        for (var i = 0; i < 100; i++)
        {
            await automation.RunAsync(target, HookChange.Of("messages"), 0, CancellationToken.None);
        }

        Assert.Equal((HookBounds.MaxPerCodex, 100), (target.Outcomes, target.Actions));
    }

    [Fact]
    public async Task Hooks_start_a_limited_number_of_tasks_per_hour_for_any_chain()
    {
        var (time, spawned, fails) = (new MovableTime(), new List<string>(), true);
        Automation? automation = null;
        automation = new Automation(
            new HookActions(
                (parent, _, _) =>
                {
                    if (fails)
                    {
                        throw new FailureException(FailureKind.MissingField, "No goal.");
                    }
                    spawned.Add($"codex://tasks/{spawned.Count}");
                    automation!.Bounds.Follows(spawned[^1], parent);
                    return Task.FromResult(spawned[^1]);
                }
            ),
            time,
            NullLogger.Instance
        );
        var template = new Template
        {
            Id = "self",
            Name = "self",
            Hooks = [new AutomationHook(HookTrigger.FieldChange, "a", [], new HookAction.SpawnTask("self", Json5Object.Empty))],
        };
        async Task<string?> SpawnAsync(string uri)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            var target = new Target(template) { Uri = uri };
            await automation.RunAsync(target, HookChange.Of("a"), 0, CancellationToken.None);
            return target.Error;
        }

        // Actions that were not executed are not counted.
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal("No goal.", await SpawnAsync("codex://chats/x"));
        }

        fails = false;
        for (var i = 0; i < HookBounds.MaxTasks; i++)
        {
            Assert.Null(await SpawnAsync(i == 0 ? "codex://chats/x" : spawned[^1]));
        }

        Assert.StartsWith(
            "Hooks started 20 tasks within an hour from codex://chats/x, so no more were started.",
            await SpawnAsync(spawned[^1]),
            StringComparison.Ordinal
        );
        Assert.NotNull(await SpawnAsync("codex://chats/x"));
        for (var i = 0; i < 40; i++)
        {
            Assert.Null(await SpawnAsync($"codex://items/{i}"));
        }

        Assert.StartsWith(
            "Hooks started 60 tasks within an hour in total",
            await SpawnAsync("codex://items/other"),
            StringComparison.Ordinal
        );
        time.Advance(TimeSpan.FromMinutes(61));
        Assert.Null(await SpawnAsync("codex://chats/x"));
    }

    [Fact]
    public void Asking_the_hooks_of_a_long_chat_costs_as_little_as_of_a_short_one()
    {
        var role = ValuePath.TryParse("messages[-1].role")!;
        var template = new Template
        {
            Id = "self",
            Name = "self",
            Hooks =
            [
                new AutomationHook(
                    HookTrigger.FieldChange,
                    "messages",
                    [new HookCondition.EqualTo(role, new Json5String("user"))],
                    new HookAction.SendToLlm()
                ),
            ],
        };
        long AllocatedFor(int count)
        {
            var messages = Enumerable
                .Range(0, count)
                .Select(i => new Message
                {
                    Id = $"m{i}",
                    CodexId = "codex://chats/x",
                    ParentId = i == 0 ? "" : $"m{i - 1}",
                    Role = i % 2 == 0 ? MessageRole.User : MessageRole.Assistant,
                    CreatedAt = DateTimeOffset.UnixEpoch,
                    UpdatedAt = DateTimeOffset.UnixEpoch,
                    Parts = [new MessagePart.Text("Some words.")],
                })
                .ToList();
            var chat = new StoredChat
            {
                Id = "chat_1",
                TemplateId = "self",
                Title = "",
                Archived = false,
                ProviderId = null,
                Model = null,
                CreatedAt = default,
                UpdatedAt = default,
                TotalCost = null,
                Status = ChatStatus.Idle,
                Tree = new MessageTree(messages, $"m{count - 1}", []),
            };
            long Once()
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                Assert.Single(
                    Automation.Plan(
                        template,
                        new HookChange(HookTrigger.FieldChange, "messages"),
                        () => ChannelFields.Values(chat, template, messages[0])
                    )
                );
                return GC.GetAllocatedBytesForCurrentThread() - before;
            }

            Once();
            return Enumerable.Range(0, 5).Min(_ => Once());
        }

        Assert.InRange(AllocatedFor(10_000), 0, AllocatedFor(10) + 1024);
    }

    private sealed class Target(Template template) : IHookTarget
    {
        private Json5Object values = Json5Object.Empty;

        public string Uri { get; init; } = "codex://chats/x";
        public Template Template => template;
        public int Actions { get; private set; }
        public int Outcomes { get; private set; }
        public string? Error { get; private set; }

        public Json5Object Values() => values;

        public Task<IReadOnlyList<HookChange>> SetFieldAsync(string field, Json5Node value, CancellationToken cancellationToken)
        {
            Actions++;
            values = values.With(field, value);
            return Task.FromResult(HookChange.Of(field));
        }

        public Task<string?> SendToLlmAsync(int depth, CancellationToken cancellationToken)
        {
            Actions++;
            return Task.FromResult<string?>(null);
        }

        public Task NoteAsync(HookNote note, CancellationToken cancellationToken)
        {
            if (note.Outcome is not null)
            {
                Outcomes++;
            }
            Error = note.Error ?? Error;

            return Task.CompletedTask;
        }
    }

    private sealed class HookActions(Func<string, int, CancellationToken, Task<string>> spawn) : IHookActions
    {
        public Task<string> SpawnForHookAsync(
            string templateId,
            Json5Object values,
            string spawnedBy,
            int depth,
            CancellationToken cancellationToken
        ) => spawn(spawnedBy, depth, cancellationToken);

        public void Notify(string message, string uri) { }
    }
}
