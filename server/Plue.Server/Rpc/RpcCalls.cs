using System.Collections.Concurrent;
using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Rpc;

/// <summary>Outgoing requests that wait for a response. Completing one never runs the caller's code on the reading thread.</summary>
internal sealed class RpcCalls
{
    public static readonly Failure Gone = new(
        FailureKind.Unreachable,
        "The editor disconnected before it responded. Try again when it is connected."
    );

    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> waiting = new();
    private volatile bool isOver;
    private long lastId;

    public (long Id, Task<JsonElement> Reply) Begin()
    {
        var id = Interlocked.Increment(ref lastId);
        var reply = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = reply;
        // The connection may have ended between the two lines above or before.
        if (isOver)
        {
            reply.TrySetException(new FailureException(Gone));
        }
        return (id, reply.Task);
    }

    public void Forget(long id) => waiting.TryRemove(id, out _);

    /// <summary>Ignores a response without a matching request.</summary>
    public void Answer(JsonElement id, JsonElement result)
    {
        if (Find(id) is { } reply)
        {
            reply.TrySetResult(result);
        }
    }

    public void Refuse(JsonElement id, JsonElement error)
    {
        if (Find(id) is not { } reply)
        {
            return;
        }

        try
        {
            if (error.Whole("code") == ErrorCodes.RequestCancelled)
            {
                reply.TrySetCanceled();
            }
            else
            {
                reply.TrySetException(new FailureException(FailureOf(error)));
            }
        }
        catch (InvalidOperationException notUnicode)
        {
            reply.TrySetException(notUnicode);
        }
    }

    /// <summary>Fails all waiting and later requests, because the connection ended.</summary>
    public void End()
    {
        isOver = true;
        foreach (var reply in waiting.Values)
        {
            reply.TrySetException(new FailureException(Gone));
        }
    }

    private TaskCompletionSource<JsonElement>? Find(JsonElement id) =>
        id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number) && waiting.TryGetValue(number, out var reply) ? reply : null;

    /// <summary>Keeps the kind of a typed failure; other errors are requests that the editor could not perform.</summary>
    private static Failure FailureOf(JsonElement error)
    {
        var data = error.Field("data");
        var kind =
            data?.Text("kind") is { } name
            && Enum.TryParse<FailureKind>(name, ignoreCase: true, out var known)
            && ToProtocol.Name(known) == name
                ? known
                : FailureKind.BadRequest;
        var sentence = VendorMessage.Clean(error.Text("message") ?? "");
        var after = data?.Money("retryAfterMs") is { } wait and > 0 and < 1e12m ? TimeSpan.FromMilliseconds((double)wait) : (TimeSpan?)null;
        return new Failure(
            kind,
            sentence.Length > 0 ? sentence : "The editor refused this without a reason. Its log may have more.",
            after
        );
    }
}
