using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Logging;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Testing;

/// <summary>The real sidecar, connected to a client by two pipes: the whole protocol without a process. Its home is a temporary folder.</summary>
internal sealed class InMemorySidecar : IAsyncDisposable
{
    private readonly Pipe toServer = new();
    private readonly Pipe toClient = new();
    private readonly Task<int> running;
    private readonly Services services;

    private InMemorySidecar(string home, IReadOnlyList<IToolSource>? tools = null, TimeProvider? time = null, string? policy = null)
    {
        Home = home;
        services = new Services(LogLevel.Warning, new PluePaths(home) { AddedPolicy = policy }, time, tools);
        running = Task.Run(() => Sidecar.RunAsync(services, toServer.Reader, toClient.Writer, CancellationToken.None));
        Client = new RpcClient(toClient.Reader.AsStream(), toServer.Writer.AsStream());
    }

    public string Home { get; }
    public Services Services => services;
    public RpcClient Client { get; }

    /// <param name="folder">The open folder; null for none.</param>
    /// <param name="tools">Replaces Plue's tools; null for those.</param>
    /// <param name="time">Null for the system clock.</param>
    /// <param name="policy">A policy file; null for none.</param>
    /// <param name="folders">All open folders; null for fewer than two.</param>
    public static async Task<InMemorySidecar> StartAsync(
        string? home = null,
        string? folder = null,
        bool trusted = false,
        IReadOnlyList<IToolSource>? tools = null,
        TimeProvider? time = null,
        object[]? folders = null,
        string? policy = null
    )
    {
        var sidecar = new InMemorySidecar(home ?? Directory.CreateTempSubdirectory("plue-test-").FullName, tools, time, policy);
        await sidecar.Client.ResultAsync(
            "initialize",
            new
            {
                processId = Environment.ProcessId,
                initializationOptions = new
                {
                    workspaceFolder = folder,
                    workspaceFolders = folders,
                    trusted,
                },
            }
        );
        await sidecar.Client.NotifyAsync("initialized");
        return sidecar;
    }

    /// <summary>Starts it like an editor with an untrusted folder.</summary>
    /// <param name="registers">True if the client supports dynamic registration.</param>
    public static async Task<InMemorySidecar> StartAsync(string workspaceFolder, bool registers)
    {
        var sidecar = new InMemorySidecar(Directory.CreateTempSubdirectory("plue-test-").FullName);
        await sidecar.Client.ResultAsync(
            "initialize",
            new
            {
                processId = Environment.ProcessId,
                initializationOptions = new { workspaceFolder, trusted = false },
                capabilities = new { textDocument = new { synchronization = new { dynamicRegistration = registers } } },
            }
        );
        await sidecar.Client.NotifyAsync("initialized");
        return sidecar;
    }

    /// <summary>Creates a vault that this editor unlocks.</summary>
    public Task UnlockedVaultAsync() =>
        Client.ResultAsync(
            "vault/create",
            new
            {
                method = "editor",
                methodId = "test",
                secret = Convert.ToBase64String(new byte[32]),
            }
        );

    public void WriteProvider(string id, string json5) => WriteProvider(Home, id, json5);

    public void WriteTemplate(string id, string json5) => Write(Home, "templates", id, json5);

    public static void WriteProvider(string home, string id, string json5) => Write(home, "providers", id, json5);

    private static void Write(string home, string collection, string id, string json5)
    {
        var folder = Path.Combine(home, collection);
        Directory.CreateDirectory(folder);
        using var stream = new FileStream(Path.Combine(folder, id + ".json5"), FileMode.Create);
        stream.Write(Encoding.UTF8.GetBytes(json5));
    }

    public static string ProviderAt(Uri endpoint, string extra = "") =>
        $"{{ name: 'Scripted', provider_type: 'openai-compatible', endpoint: '{endpoint}v1', model: 'model', retry_policy: 'none', {extra} }}";

    /// <summary>Closes the client's end of the pipe, like an editor.</summary>
    public async ValueTask DisposeAsync()
    {
        await toServer.Writer.CompleteAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(20));
        await toClient.Writer.CompleteAsync();
        await Client.DisposeAsync();
        await services.DisposeAsync();
    }
}
