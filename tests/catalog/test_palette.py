from ssl_seg.catalog.palette import generated_palette


def test_colours_are_distinct_and_none_is_black():
    palette = generated_palette(255)
    assert len({*palette, (0, 0, 0)}) == 256
    assert palette[:4] == ((128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128))
