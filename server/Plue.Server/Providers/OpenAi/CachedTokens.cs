using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>The input tokens that were read from and written to the prompt cache; the input includes both.</summary>
internal struct CachedTokens
{
    public long Read { get; set; }
    public long Written { get; private set; }

    /// <param name="json">Positioned before the object with the details of the input.</param>
    public void Take(ref Utf8JsonReader json)
    {
        if (!json.NextIsObject())
        {
            return;
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("cached_tokens"u8))
            {
                Read = json.NextInt64() ?? Read;
            }
            else if (json.ValueTextEquals("cache_write_tokens"u8))
            {
                Written = json.NextInt64() ?? Written;
            }
            else
            {
                json.Skip();
            }
        }
    }
}
