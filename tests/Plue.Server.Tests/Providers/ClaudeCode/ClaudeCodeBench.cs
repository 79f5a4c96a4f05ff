using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.ClaudeCode;

namespace Plue.Server.Tests.Providers.ClaudeCode;

/// <summary>A provider in a temporary home, with the real CLI (or a replacement script) and a scripted endpoint.</summary>
public sealed class ClaudeCodeBench : IAsyncDisposable
{
    private readonly List<ClaudeCodeProvider> providers = [];

    public ClaudeCodeBench(string? cli = null, Func<ProviderSettings, ProviderSettings>? settings = null)
    {
        Directory.CreateDirectory(Root);
        Environment = new()
        {
            ["HOME"] = Root,
            ["PATH"] = "/usr/bin:/bin",
            ["CLAUDE_CONFIG_DIR"] = Path.Combine(Root, "claude"),
        };
        var plain = new ProviderSettings
        {
            Id = "claude",
            Name = "Claude Code",
            Kind = ProviderKinds.ClaudeCode,
            CliPath = cli ?? RealCli(),
            Endpoint = Endpoint.Address,
            ApiKeyRef = "env://KEY",
        };
        Settings = settings?.Invoke(plain) ?? plain;
        Provider = NewProvider();
    }

    public string Root { get; } = Path.Combine(Path.GetTempPath(), $"plue-claude-{Guid.NewGuid():N}");
    public ScriptedMessagesEndpoint Endpoint { get; } = new();
    public Dictionary<string, string> Environment { get; }
    public ProviderSettings Settings { get; set; }
    public ManualTime Time { get; } = new();
    public ClaudeCodeProvider Provider { get; private set; }
    public string CodexId { get; } = Ids.New("chat");

    /// <summary>Restarts the sidecar: the same files, but no state in memory.</summary>
    public async Task RestartAsync()
    {
        await Provider.DisposeAsync();
        Provider = NewProvider();
    }

    public ClaudeCodeProvider NewProvider()
    {
        var provider = new ClaudeCodeProvider(
            Settings,
            new OneKey(),
            new PluePaths(Path.Combine(Root, "plue")),
            Time,
            NullLogger.Instance,
            Environment
        );
        providers.Add(provider);
        return provider;
    }

    /// <param name="texts">Alternating user messages and responses, ending with a user message.</param>
    public ProviderRequest Request(params string[] texts) =>
        new()
        {
            CodexId = CodexId,
            Model = "sonnet",
            System = "You are terse.",
            Messages = texts
                .Select(
                    (text, i) =>
                        new Message
                        {
                            Id = Ids.New("msg"),
                            CodexId = CodexId,
                            Role = i % 2 == 0 ? MessageRole.User : MessageRole.Assistant,
                            Parts = [new MessagePart.Text(text)],
                            CreatedAt = DateTimeOffset.UnixEpoch,
                        }
                )
                .ToList(),
        };

    public Task<List<ProviderEvent>> AskAsync(params string[] texts) => CollectAsync(Request(texts));

    public async Task<List<ProviderEvent>> CollectAsync(ProviderRequest request, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var events = new List<ProviderEvent>();
        await foreach (var happened in Provider.StreamAsync(request, limit.Token))
        {
            events.Add(happened);
        }

        return events;
    }

    /// <summary>Returns the final visible text.</summary>
    public static string TextOf(IEnumerable<ProviderEvent> events)
    {
        var text = "";
        foreach (var happened in events)
        {
            text = happened switch
            {
                ProviderEvent.Restarted => "",
                ProviderEvent.TextDelta delta => text + delta.Text,
                _ => text,
            };
        }

        return text;
    }

    public static Failure FailureOf(List<ProviderEvent> events) => Assert.IsType<ProviderEvent.Failed>(events[^1]).Failure;

    /// <summary>Creates an executable script that replaces the CLI.</summary>
    public static string Script(string body)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("plue-fake-").FullName, "claude");
        File.WriteAllLines(path, ["#!/bin/sh", .. body.Split('\n')]);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        return path;
    }

    public static string RealCli()
    {
        var path = System.Environment.GetEnvironmentVariable("PLUE_TEST_CLAUDE");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); path is null && folder is not null; folder = folder.Parent)
        {
            var scope = Path.Combine(folder.FullName, "node_modules", "@anthropic-ai");
            if (Directory.Exists(scope))
            {
                path = Directory
                    .EnumerateDirectories(scope, "claude-code-*")
                    .Select(native => Path.Combine(native, "claude"))
                    .FirstOrDefault(File.Exists);
            }
        }

        Assert.SkipUnless(
            File.Exists(path),
            "The claude CLI is not installed: run npm install, or name its executable in PLUE_TEST_CLAUDE."
        );
        return path!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var provider in providers)
        {
            await provider.DisposeAsync();
        }

        await Endpoint.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }

    private sealed class OneKey : ISecretSource
    {
        public ValueTask<Secret> GetAsync(string reference, Uri origin, CancellationToken cancellationToken)
        {
            Assert.Equal("127.0.0.1", origin.Host);
            return ValueTask.FromResult(new Secret("test-key-1234567890"));
        }
    }
}

/// <summary>A clock that advances only when moved.</summary>
public sealed class ManualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private DateTimeOffset now = new(2026, 11, 21, 8, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => now;

    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (gate)
        {
            now += by;
            due = timers.Where(timer => timer.DueAt <= now).ToList();
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        lock (gate)
        {
            timers.Add(timer);
        }

        return timer;
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset DueAt { get; private set; } = DateTimeOffset.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            DueAt = dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : time.now + dueTime;
            return true;
        }

        public void Fire()
        {
            DueAt = DateTimeOffset.MaxValue;
            callback(state);
        }

        public void Dispose()
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
