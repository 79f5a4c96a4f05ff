using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Chat;
using Plue.Server.Json5;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Chat;

/// <summary>Whatever hooks a template has, a change comes to an end.</summary>
public sealed class AutomationPropertyTests
{
    private static readonly string[] Fields = ["a", "b", "c", "status"];

    [Fact]
    public void Any_set_of_hooks_ends_within_its_bounds()
    {
        var action = Gen.OneOf(
            from field in Gen.Elements(Fields) from value in Gen.Elements("{{a}}x", "{{b}}{{c}}y", "z", "{{status}}", "{{messages[-1].role}}") select (HookAction)new HookAction.SetField(field, new Json5String(value)),
            Gen.Constant((HookAction)new HookAction.SendToLlm()),
            Gen.Constant((HookAction)new HookAction.Notify("{{a}}")),
            Gen.Constant((HookAction)new HookAction.SpawnTask("self", Json5Object.Of(("goal", new Json5String("{{b}}"))))));
        var hook = from trigger in Gen.Elements(HookTrigger.FieldChange, HookTrigger.StatusChange, HookTrigger.Created)
                   from field in Gen.Elements<string?>(null, "a", "b", "c", "status")
                   from does in action
                   select new AutomationHook(trigger, field, [], does);
        Prop.ForAll(hook.ListOf().ToArbitrary(), hooks =>
        {
            var time = new MovableTime();
            var target = new Target(new Template { Id = "self", Name = "self", Hooks = [.. hooks] });
            var spawned = 0;
            Automation? automation = null;
            automation = new Automation(
                async (_, values, _, depth, cancellationToken) =>
                {
                    var child = $"codex://tasks/{++spawned}";
                    await automation!.RunAsync(new Target(target.Template) { Uri = child }, [new HookChange(HookTrigger.Created)], depth, cancellationToken);
                    return child;
                },
                (_, _) => { }, time, NullLogger.Instance);
            var running = automation.RunAsync(target, [.. HookChange.Of("a"), .. HookChange.Of("status"), new HookChange(HookTrigger.Created)], 0, CancellationToken.None);
            Assert.True(running.IsCompletedSuccessfully);
            // What a person's own change asks of a model is not counted.
            Assert.InRange(target.Deeds, 0, Automation.MostPerCodex + (4 * hooks.Count));
            Assert.InRange(spawned, 0, Automation.MostInAll);
        }).Check(Config.QuickThrowOnFailure);
    }

    [Fact]
    public async Task A_minute_later_hooks_run_again()
    {
        var time = new MovableTime();
        var automation = new Automation((_, _, _, _, _) => Task.FromResult("codex://tasks/x"), (_, _) => { }, time, NullLogger.Instance);
        var target = new Target(new Template { Id = "self", Name = "self", Hooks = [new AutomationHook(HookTrigger.FieldChange, "a", [], new HookAction.Notify("hi"))] });
        for (var i = 0; i < 100; i++) { await automation.RunAsync(target, HookChange.Of("a"), 0, CancellationToken.None); }

        Assert.Equal(Automation.MostPerCodex, target.Outcomes);
        time.Advance(TimeSpan.FromSeconds(61));
        await automation.RunAsync(target, HookChange.Of("a"), 0, CancellationToken.None);
        Assert.Equal(Automation.MostPerCodex + 1, target.Outcomes);
    }

    private sealed class Target(Template template) : IHookTarget
    {
        private Json5Object values = Json5Object.Empty;

        public string Uri { get; init; } = "codex://chats/x";
        public Template Template => template;
        public int Deeds { get; private set; }
        public int Outcomes { get; private set; }

        public Json5Object Values() => values;

        public Task<IReadOnlyList<HookChange>> SetFieldAsync(string field, Json5Node value, CancellationToken cancellationToken)
        {
            Deeds++;
            values = values.With(field, value);
            return Task.FromResult(HookChange.Of(field));
        }

        public Task<string?> SendToLlmAsync(int depth, CancellationToken cancellationToken)
        {
            Deeds++;
            return Task.FromResult<string?>(null);
        }

        public Task NoteAsync(HookNote note, CancellationToken cancellationToken)
        {
            if (note.Outcome is not null) { Outcomes++; }

            return Task.CompletedTask;
        }
    }
}
