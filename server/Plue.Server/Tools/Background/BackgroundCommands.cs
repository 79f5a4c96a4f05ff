using System.Collections.Concurrent;
using System.Net.NetworkInformation;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Background;

/// <summary>The background commands of this process. They end with their chat or task, unless the user keeps them, and with this process.</summary>
/// <param name="mask">Masks secrets in output that is read.</param>
internal sealed class BackgroundCommands(
    PluePaths paths,
    Sandbox sandbox,
    ToolResults results,
    Func<string, string> mask,
    TimeProvider time
) : IAsyncDisposable
{
    public const int MaxPerChat = 8;
    public const int MaxPerHome = 32;

    /// <summary>The number of ended commands of a chat whose output can still be read.</summary>
    private const int MaxEnded = 8;
    private static readonly TimeSpan IdleLimit = TimeSpan.FromHours(8);
    private static readonly TimeSpan IdleCheck = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, BackgroundCommand> commands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NetworkUse> networks = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim networkSemaphore = new(1, 1);
    private readonly CancellationTokenSource disposed = new();

    /// <summary>Raised with the chat or task whose commands changed.</summary>
    public event Action<string>? Changed;

    public IEnumerable<BackgroundCommand> Running => commands.Values.Where(command => command.IsRunning);

    /// <summary>Gets the commands of a chat or task in the order of their start.</summary>
    public IReadOnlyList<BackgroundCommand> Of(string codexId) =>
        [.. commands.Values.Where(command => command.CodexId == codexId).OrderBy(command => command.StartedAt)];

    public BackgroundCommand? Find(string id) => commands.GetValueOrDefault(id);

    /// <exception cref="IOException">The command could not be started.</exception>
    /// <exception cref="ToolFailureException">Too many commands run.</exception>
    public async Task<BackgroundCommand> StartAsync(BackgroundStart start, CancellationToken cancellationToken)
    {
        if (Of(start.CodexId).Count(command => command.IsRunning) >= MaxPerChat)
        {
            throw new ToolFailureException($"{MaxPerChat} background commands of this chat are running. Stop one with `bash_process`.");
        }

        var slot = TakeSlot();
        IAsyncDisposable? network = null;
        try
        {
            var use = await UseNetworkAsync(start.CodexId, start.Rules, create: true, cancellationToken);
            network = use;
            var command = new BackgroundCommand(start, use?.Network, sandbox, () => results.Create(start.CodexId), mask, time);
            commands[command.Id] = command;
            _ = FollowAsync(command, slot, network);
            Changed?.Invoke(command.CodexId);
            return command;
        }
        catch
        {
            slot?.Dispose();
            if (network is not null)
            {
                await network.DisposeAsync();
            }
            throw;
        }
    }

    /// <summary>Gets the network that running background commands of the chat share, to be disposed after use; null if there is none.</summary>
    public Task<NetworkLease?> JoinNetworkAsync(string codexId, SandboxRules rules, CancellationToken cancellationToken) =>
        UseNetworkAsync(codexId, rules, create: false, cancellationToken);

    /// <summary>True if a program that the command can reach accepts connections at this port of the loopback device.</summary>
    public static bool IsListening(BackgroundCommand command, int port) =>
        command.Network is { } network
            ? ListeningPorts.Of(network.ProcessId).Contains(port)
            : IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(one => one.Port == port);

    public void Keep(BackgroundCommand command, bool isKept)
    {
        command.IsKept = isKept;
        Changed?.Invoke(command.CodexId);
    }

    /// <summary>Ends the commands of a chat or task that has ended, except those that the user keeps.</summary>
    public Task EndAsync(string codexId) =>
        Task.WhenAll(
            Of(codexId)
                .Where(command => command.IsRunning && !command.IsKept)
                .Select(command => command.StopAsync($"[{command.Id} was stopped because its chat or task has ended.]"))
        );

    /// <summary>Ends the commands that nobody asked to keep, when no window returns.</summary>
    public Task EndUnkeptAsync() => Task.WhenAll(Running.Select(command => command.CodexId).Distinct().Select(EndAsync));

    public async ValueTask DisposeAsync()
    {
        await disposed.CancelAsync();
        await Task.WhenAll(Running.Select(command => command.StopAsync($"[{command.Id} was stopped because Plue closed.]")));
        disposed.Dispose();
        networkSemaphore.Dispose();
    }

    private async Task FollowAsync(BackgroundCommand command, IDisposable? slot, IAsyncDisposable? network)
    {
        try
        {
            while (await Task.WhenAny(command.Ended, Task.Delay(IdleCheck, time, disposed.Token)) != command.Ended)
            {
                if (disposed.IsCancellationRequested)
                {
                    break;
                }
                if (command.IdleTime > IdleLimit && !command.IsKept)
                {
                    await command.StopAsync(
                        $"[{command.Id} was stopped after {IdleLimit.TotalHours:0} hours without output, input, or a reader.]"
                    );
                }
            }

            await command.Ended;
        }
        finally
        {
            slot?.Dispose();
            if (network is not null)
            {
                await network.DisposeAsync();
            }

            foreach (var old in Of(command.CodexId).Where(one => !one.IsRunning).SkipLast(MaxEnded))
            {
                commands.TryRemove(old.Id, out _);
            }
            Changed?.Invoke(command.CodexId);
        }
    }

    /// <summary>Takes one of the places of the home, which the operating system releases with this process.</summary>
    /// <returns>Null if the file system has no locks.</returns>
    private IDisposable? TakeSlot()
    {
        for (var number = 1; number <= MaxPerHome; number++)
        {
            try
            {
                return FileLock.Acquire(Path.Combine(paths.Home, "locks", $"command-{number}.lock"), TimeSpan.Zero);
            }
            catch (IOException fault) when (FileLock.IsHeldElsewhere(fault))
            { /* Another command has it. */
            }
            catch (IOException)
            {
                return null;
            }
        }

        throw new ToolFailureException(
            $"{MaxPerHome} background commands are running in all windows. Stop one of yours, or ask the user to."
        );
    }

    private async Task<NetworkLease?> UseNetworkAsync(string codexId, SandboxRules rules, bool create, CancellationToken cancellationToken)
    {
        await networkSemaphore.WaitAsync(cancellationToken);
        try
        {
            if (!networks.TryGetValue(codexId, out var use))
            {
                if (!create || await sandbox.CreateNetworkAsync(rules, cancellationToken) is not { } created)
                {
                    return null;
                }
                networks[codexId] = use = new NetworkUse(created);
            }

            // The user can have allowed the network in the meantime.
            if (rules.AllowNetwork)
            {
                return null;
            }
            use.Count++;
            return new NetworkLease(use.Network, () => ReleaseAsync(codexId, use));
        }
        finally
        {
            networkSemaphore.Release();
        }
    }

    private async Task ReleaseAsync(string codexId, NetworkUse use)
    {
        if (Interlocked.Decrement(ref use.Count) > 0)
        {
            return;
        }

        await networkSemaphore.WaitAsync();
        try
        {
            if (use.Count == 0 && networks.Remove(codexId))
            {
                await use.Network.DisposeAsync();
            }
        }
        finally
        {
            networkSemaphore.Release();
        }
    }

    private sealed class NetworkUse(SandboxNetwork network)
    {
        public int Count;

        public SandboxNetwork Network => network;
    }
}

/// <summary>The use of a network by one command.</summary>
internal sealed class NetworkLease(SandboxNetwork network, Func<Task> release) : IAsyncDisposable
{
    public SandboxNetwork Network => network;

    public async ValueTask DisposeAsync() => await release();
}
