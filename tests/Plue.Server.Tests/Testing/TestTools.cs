using System.Collections.Concurrent;
using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Testing;

/// <summary>Small real tools: <c>read</c> reads a file, <c>write</c> writes one, <c>bash</c> waits for the gate and then writes.</summary>
internal sealed class TestTools : IToolSource
{
    /// <summary>The executed calls, in order.</summary>
    public ConcurrentQueue<string> Done { get; } = new();

    /// <summary>Awaited by each <c>bash</c> before it writes.</summary>
    public TaskCompletionSource Gate { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a <c>bash</c> waits at the gate.</summary>
    public TaskCompletionSource AtGate { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The number of reads that must be running before any of them ends.</summary>
    public int ReadsTogether { get; set; } = 1;

    /// <summary>Replaces the implementation of <c>read</c>; null for the default.</summary>
    public Func<ToolContext, Task<string>>? Reading { get; set; }

    private readonly SemaphoreSlim arrived = new(0);
    private readonly TaskCompletionSource together = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int reading;

    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ITool>>([
            .. new[] { "read", "write", "bash" }.Where(names.Contains).Select(name => new Tool(this, name)),
        ]);

    private sealed class Tool(TestTools house, string name) : ITool
    {
        public string Name => name;
        public ToolDeclaration Declaration { get; } =
            new(
                name,
                $"The tool {name}.",
                """{"type":"object","properties":{"path":{"type":"string"},"text":{"type":"string"}},"required":["path"],"additionalProperties":false}"""
            );
        public bool IsReadOnly => name == "read";

        public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
        {
            var path = Path.Combine(context.Workspace!, parameters.GetProperty("path").GetString()!);
            var text = parameters.TryGetProperty("text", out var given) ? given.GetString()! : "";
            return Task.FromResult<PlannedCall>(new Call(house, name, path, text, context));
        }
    }

    private sealed class Call(TestTools house, string name, string path, string text, ToolContext context) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions =>
            [name == "read" ? new ToolAction.ReadFile(path) : new ToolAction.ChangeFile(path, FileChangeKind.Modify)];
        public override ApprovalKind Kind => name == "read" ? ApprovalKind.Read : ApprovalKind.Write;
        public override string ActionText => text;
        public override IReadOnlyList<string>? Changes => name == "read" ? [] : [path];

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            if (name == "read")
            {
                if (Interlocked.Increment(ref house.reading) >= house.ReadsTogether)
                {
                    house.together.TrySetResult();
                }
                await house.together.Task.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
                house.Done.Enqueue($"read {Path.GetFileName(path)}");
                if (house.Reading is { } reading)
                {
                    return new ToolOutcome(await reading(context));
                }

                return new ToolOutcome(
                    File.Exists(path)
                        ? await File.ReadAllTextAsync(path, cancellationToken)
                        : throw new ToolFailureException("There is no such file.")
                );
            }

            if (name == "bash")
            {
                progress.Report("waiting");
                house.AtGate.TrySetResult();
                await house.Gate.Task.WaitAsync(cancellationToken);
            }

            await File.WriteAllTextAsync(path, text, cancellationToken);
            house.Done.Enqueue($"{name} {Path.GetFileName(path)}");
            return new ToolOutcome($"Wrote {Path.GetFileName(path)}.");
        }
    }
}
