using System.Collections.Concurrent;

namespace Plue.Server.Agents;

/// <summary>How many tasks that others asked for work at one provider at the same time; more wait for their turn, in order.</summary>
public sealed class ProviderSlots(Func<string, int> slotsOf)
{
    public const int Hosted = 3;

    /// <summary>A machine answers one at a time anyway.</summary>
    public const int Local = 1;

    private readonly ConcurrentDictionary<string, SemaphoreSlim> slots = new(StringComparer.Ordinal);

    /// <summary>Waits for a place, which is given back by disposing.</summary>
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
