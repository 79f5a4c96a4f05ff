using Plue.Server.Messages;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Messages;

public class IdsTests
{
    [Fact]
    public void Ids_made_one_after_another_sort_in_that_order()
    {
        var ids = Enumerable.Range(0, 5_000).Select(_ => Ids.New("msg")).ToArray();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void REL_24_After_the_clock_was_set_back_ids_still_sort_in_order()
    {
        var earlier = new MovableTime();
        earlier.SetWall(TimeSpan.FromDays(-4_000));
        string[] ids = [Ids.New("msg"), Ids.New("msg", earlier), Ids.New("msg", earlier), Ids.New("msg")];
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }
}
