using System.Runtime.CompilerServices;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.External;

/// <summary>
/// An approved executable that implements docs/external-providers.md. It is started by the first request. If it repeats the ids of requests, one process serves
/// all of them; otherwise, each request has its own process.
/// </summary>
/// <param name="environment">Plue's environment; only an allowlist of harmless variables is passed on.</param>
/// <param name="mask">Masks secrets in the program's messages.</param>
internal sealed class ExternalProvider(
    ProviderSettings settings,
    ISecretSource secrets,
    ExternalPrograms programs,
    IReadOnlyDictionary<string, string> environment,
    TimeProvider time,
    Func<string, string> mask
) : IProvider
{
    private static readonly TimeSpan AuthenticateTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstEnvelopeTimeout = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan CancelTimeout = TimeSpan.FromSeconds(2);

    /// <summary>After this time without output, the program may be waiting for the end of its input.</summary>
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(3);

    private static readonly string[] Passed = [.. OwnEnvironment.Harmless, "DOTNET_ROOT", "PLUE_HOME"];

    private readonly SemaphoreSlim mutex = new(1, 1);

    /// <summary>Only one request at a time determines whether a program repeats ids.</summary>
    private readonly SemaphoreSlim probing = new(1, 1);
    private ExternalProcess? shared;
    private string? sharedSha256;
    private bool isSingleRequest;
    private bool isDisposed;

    public ProviderSettings Settings => settings;

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        ExternalExchange? exchange = null;
        Failure? refused = null;
        try
        {
            exchange = await SendAsync("stream_chat", writer => ExternalWire.WriteChat(writer, request), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (FailureException fault)
        {
            refused = fault.Failure;
        }

        if (exchange is null)
        {
            yield return new ProviderEvent.Failed(
                refused ?? new Failure(FailureKind.Internal, $"{settings.Name} did not receive the request.")
            );
            yield break;
        }

        await using (exchange)
        {
            var fold = new ExternalResponse(settings.Name);
            var timeout = settings.Timeout ?? FirstEnvelopeTimeout;
            while (!fold.IsOver)
            {
                Failure? failure = null;
                JsonElement? envelope = null;
                try
                {
                    envelope = await exchange.NextAsync(timeout, time, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    failure = new Failure(
                        FailureKind.Timeout,
                        $"{settings.Name} sent nothing for {DurationText.Of(timeout)}, so it was ended. Try again, or raise the provider's timeout."
                    );
                    await exchange.AbandonAsync().ConfigureAwait(false);
                }

                if (envelope is null && failure is null)
                {
                    failure = exchange.End;
                }
                foreach (var next in failure is null ? fold.Read(envelope!.Value) : fold.Fail(failure))
                {
                    yield return next;
                }

                timeout = settings.Timeout ?? IdleTimeout;
            }
        }
    }

    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync("authenticate", AuthenticateTimeout, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (FailureException fault)
        {
            return fault.Failure;
        }
    }

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        var data = await AskAsync("list_models", ListTimeout, cancellationToken).ConfigureAwait(false);
        var models = data.ValueKind == JsonValueKind.Array ? data.EnumerateArray() : data.Items("models");
        return [.. models.Select(ExternalWire.ReadModel).OfType<ModelInfo>().Take(10_000)];
    }

    public async ValueTask DisposeAsync()
    {
        await mutex.WaitAsync().ConfigureAwait(false);
        try
        {
            isDisposed = true;
            if (shared is not null)
            {
                await shared.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            mutex.Release();
        }
    }

    private async Task<JsonElement> AskAsync(string action, TimeSpan timeout, CancellationToken cancellationToken)
    {
        await using var exchange = await SendAsync(action, static _ => { }, cancellationToken).ConfigureAwait(false);
        try
        {
            var reply =
                await exchange.NextAsync(timeout, time, cancellationToken).ConfigureAwait(false)
                ?? throw new FailureException(exchange.End);
            exchange.IsComplete = true;
            if (reply.Flag("success") != true)
            {
                // The program received its secrets and may quote them.
                var failure = ExternalWire.ReadError(reply, settings.Name);
                throw new FailureException(failure with { Message = mask(failure.Message) });
            }

            return reply.Field("data") ?? default;
        }
        catch (TimeoutException)
        {
            await exchange.AbandonAsync().ConfigureAwait(false);
            throw new FailureException(
                FailureKind.Timeout,
                $"{settings.Name} did not answer {action} within {DurationText.Of(timeout)}, so it was ended. Check the program."
            );
        }
    }

    private async Task<ExternalExchange> SendAsync(string action, Action<Utf8JsonWriter> parameters, CancellationToken cancellationToken)
    {
        var command =
            settings.Command
            ?? throw new FailureException(
                FailureKind.MissingField,
                $"{settings.Name} names no program. Give its absolute path as `command`."
            );
        // The approval is checked before each start and each request.
        var program = await Task.Run(() => programs.RequireApproved(command), cancellationToken).ConfigureAwait(false);
        var configuration = await ConfigurationAsync(program, cancellationToken).ConfigureAwait(false);
        var name = settings.AdditionalAuth.GetValueOrDefault("provider") ?? settings.Id;
        byte[] Line(string? id) =>
            ExternalWire.Request(
                id,
                action,
                name,
                writer =>
                {
                    writer.WriteStartObject("configuration"u8);
                    foreach (var (key, value) in configuration)
                    {
                        writer.WriteString(key, value);
                    }
                    writer.WriteEndObject();
                    parameters(writer);
                }
            );

        if (!isSingleRequest)
        {
            var process = await SharedAsync(program, cancellationToken).ConfigureAwait(false);
            if (process.EchoesIds)
            {
                return await ShareAsync(process, Line, cancellationToken).ConfigureAwait(false);
            }

            await probing.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (!isSingleRequest)
                {
                    process = await SharedAsync(program, cancellationToken).ConfigureAwait(false);
                    var exchange = await ShareAsync(process, Line, cancellationToken).ConfigureAwait(false);
                    return process.EchoesIds ? exchange : await ProbeAsync(process, exchange, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                probing.Release();
            }
        }

        var own = Start(program);
        try
        {
            var call = await own.SendAsync(_ => Line(null), cancellationToken).ConfigureAwait(false);
            own.CloseInput();
            return new ExternalExchange(own, call, isOwned: true, CancelTimeout);
        }
        catch
        {
            await own.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<ExternalExchange> ShareAsync(
        ExternalProcess process,
        Func<string?, byte[]> line,
        CancellationToken cancellationToken
    ) => new(process, await process.SendAsync(line, cancellationToken).ConfigureAwait(false), isOwned: false, CancelTimeout);

    private async Task<ExternalExchange> ProbeAsync(ExternalProcess process, ExternalExchange exchange, CancellationToken cancellationToken)
    {
        try
        {
            await process.FirstEnvelope.WaitAsync(ProbeTimeout, time, cancellationToken).ConfigureAwait(false);
            if (process.EchoesIds)
            {
                return exchange;
            }

            isSingleRequest = process.IsAlive;
        }
        catch (TimeoutException)
        {
            // A slow program may still repeat ids; one that waits for the end of its input starts now. In both cases, this process serves no other request.
        }
        catch
        {
            await exchange.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        process.CloseInput();
        return await MakeExclusiveAsync(process, exchange).ConfigureAwait(false);
    }

    private async Task<ExternalExchange> MakeExclusiveAsync(ExternalProcess process, ExternalExchange exchange)
    {
        await mutex.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (shared == process)
            {
                shared = null;
            }
        }
        finally
        {
            mutex.Release();
        }

        exchange.Own();
        return exchange;
    }

    private async Task<ExternalProcess> SharedAsync(ExternalProgram program, CancellationToken cancellationToken)
    {
        await mutex.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (isDisposed)
            {
                throw new FailureException(FailureKind.ProviderExecutableFailed, $"{settings.Name} was changed meanwhile. Try again.");
            }
            if (shared is { IsAlive: true } running && sharedSha256 == program.Sha256)
            {
                return running;
            }

            if (shared is not null)
            {
                await shared.DisposeAsync().ConfigureAwait(false);
            }
            (shared, sharedSha256) = (Start(program), program.Sha256);
            return shared;
        }
        finally
        {
            mutex.Release();
        }
    }

    private ExternalProcess Start(ExternalProgram program)
    {
        try
        {
            var passed = environment
                .Where(pair => Passed.Contains(pair.Key) || pair.Key.StartsWith("LC_", StringComparison.Ordinal))
                .ToDictionary(pair => pair.Key, pair => pair.Value);
            var home = environment.GetValueOrDefault(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME");
            var child = ChildProcess.Start(
                new ChildProcessStart
                {
                    Program = program.Path,
                    Environment = passed,
                    WorkingDirectory = Directory.Exists(home) ? home : Path.GetDirectoryName(program.Path)!,
                }
            );
            return new ExternalProcess(child, settings.Name, mask);
        }
        catch (IOException fault)
        {
            throw new FailureException(
                FailureKind.ProviderExecutableFailed,
                $"{settings.Name} could not be started: {fault.Message} Check the program.",
                fault
            );
        }
    }

    /// <summary>Returns the fields that the program receives with every request. Secrets are sent only here, on its standard input.</summary>
    private async Task<IReadOnlyList<KeyValuePair<string, string>>> ConfigurationAsync(
        ExternalProgram program,
        CancellationToken cancellationToken
    )
    {
        List<KeyValuePair<string, string>> values = [];
        if (settings.Model is { } model)
        {
            values.Add(new("model", model));
        }
        foreach (var (name, value) in settings.AdditionalAuth.Where(pair => pair.Key != "provider"))
        {
            values.Add(
                new(
                    name,
                    SecretReference.IsReference(value)
                        ? (await secrets.GetAsync(value, program.Origin, cancellationToken).ConfigureAwait(false)).Reveal()
                        : value
                )
            );
        }

        if (settings.ApiKeyRef is { } reference && settings.AuthType == AuthType.ApiKey)
        {
            values.Add(
                new("api_key", (await secrets.GetAsync(reference, program.Origin, cancellationToken).ConfigureAwait(false)).Reveal())
            );
        }

        return values;
    }
}
