using System.Collections.Concurrent;

namespace Plue.Server.Agents;

/// <summary>Limits how many spawned tasks use one provider at a time. Further tasks wait in order.</summary>
internal sealed class ProviderSlots(Func<string, int> slotsOf)
{
    public const int Hosted = 3;

    /// <summary>The limit for a local server, which processes one request at a time anyway.</summary>
    public const int Local = 1;

    private readonly ConcurrentDictionary<string, SemaphoreSlim> slots = new(StringComparer.Ordinal);

    /// <summary>Waits for a slot. Disposing the result releases it.</summary>
    public async Task<IDisposable> EnterAsync(string providerId, CancellationToken cancellationToken)
    {
        var slot = slots.GetOrAdd(providerId, id => new SemaphoreSlim(slotsOf(id)));
        await slot.WaitAsync(cancellationToken);
        return new Place(slot);
    }

    private sealed class Place(SemaphoreSlim slot) : IDisposable
    {
        private int isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isLeft, 1) == 0)
            {
                slot.Release();
            }
        }
    }
}
